import { explain } from "@bulk/domain/bulk-actions/outcome";
import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { ChangeRule } from "@bulk/store/inspection/change-rules";
import type { Preview } from "@bulk/store/records/preview";
import { z } from "zod";
import { EXAMPLE_PREVIEW } from "./examples.ts";
import { countOf } from "./progress/counts.ts";

/** What a bulk action would do now. */
export const bulkActionPreview = z
  .object({
    object: z.literal("bulk_action_preview"),
    action_type: z.string().meta({ example: EXAMPLE_PREVIEW.action_type }),
    total: countOf("Number of ids, duplicates dropped, or of records that match the filter."),
    applicable: countOf("Ids that the action would apply to."),
    skipped: countOf("Ids that the action would skip."),
    reasons: z
      .array(
        z.object({
          code: z.string().meta({
            example: "record.in_use",
            description: "Why records would be skipped, for programs.",
          }),
          message: z.string().meta({ description: "The reason, for people." }),
          count: countOf("Number of records with this reason."),
        }),
      )
      .readonly()
      .meta({ description: "Most frequent first; their counts add up to `skipped`." }),
    sample_record_ids: z.array(z.string()).readonly().optional().meta({
      description: "Only of a filter: the first ids that match, at most 100, in the order of the keys.",
    }),
    warnings: z
      .array(
        z.object({
          code: z.string().meta({
            example: "database.trigger",
            description:
              "What may change the result, for programs: `database.trigger`, `database.rule`, " +
              "`database.policy`. More may be added.",
          }),
          message: z.string().meta({ description: "The warning, for people." }),
        }),
      )
      .readonly()
      .meta({
        description:
          "Rules of the database that a preview cannot try. Usually empty. Records they keep are skipped as `record.kept`.",
      }),
  })
  .meta({ id: "BulkActionPreview", examples: [EXAMPLE_PREVIEW] });

/** A preview as the API sends it. */
export type WirePreview = z.output<typeof bulkActionPreview>;

/** What an action would do to `total` records; of a filter, with a sample of their ids. */
export type CountedPreview = Preview & { readonly total: number; readonly sample?: readonly string[] };

/** Returns what an action would do to records, from what it would skip. */
export function presentPreview(
  actionType: string,
  { total, skips, rules, sample }: CountedPreview,
  effects: RecordEffects,
): WirePreview {
  const own = effects.get(actionType)?.skips;
  const skipped = skips.reduce((sum, { count }) => sum + count, 0);
  return {
    object: "bulk_action_preview",
    action_type: actionType,
    total,
    applicable: total - skipped,
    skipped,
    reasons: skips.map(({ code, count }) => ({ code, message: explain(code, own).message, count })),
    ...(sample && { sample_record_ids: sample }),
    warnings: WARNINGS.filter(({ kind }) => rules.some((rule) => rule.kind === kind)).map(
      ({ code, message }) => ({ code, message }),
    ),
  };
}

type Warning = Pick<ChangeRule, "kind"> & WirePreview["warnings"][number];

// Callers do not see the names of triggers, rules and policies; operators do, in `pnpm admin doctor`.
const WARNINGS: readonly Warning[] = [
  {
    kind: "trigger",
    code: "database.trigger",
    message:
      "A trigger of the database runs before each change. It may keep records that count as applicable here.",
  },
  {
    kind: "rule",
    code: "database.rule",
    message: "A rule of the database replaces the change. Records that count as applicable here will fail.",
  },
  {
    kind: "policy",
    code: "database.policy",
    message: "Row security of the database is in force. It may keep records that count as applicable here.",
  },
];
