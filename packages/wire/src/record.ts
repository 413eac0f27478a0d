import { bareCode, explain, nameOutcome, RECORD_OUTCOMES } from "@bulk/domain/bulk-actions/outcome";
import {
  effectWord,
  listEffects,
  listSkipCodes,
  type RecordEffects,
  UNKNOWN_EFFECT,
} from "@bulk/domain/bulk-actions/record-effect";
import { perRegistry } from "@bulk/domain/per-registry";
import type { ActionRecord } from "@bulk/store/records/walk-records";
import { z } from "zod";
import { EXAMPLE_RECORDS } from "./examples.ts";

/** The outcomes of a record: the effect of each action, and those that all actions share. */
export function listOutcomes(effects: RecordEffects): readonly string[] {
  return RECORD_OUTCOMES.flatMap((outcome) =>
    outcome === "applied" ? [...listEffects(effects), UNKNOWN_EFFECT] : outcome,
  );
}

/** One id of a bulk action and its outcome. */
export const bulkActionRecord = perRegistry((effects) =>
  z
    .object({
      object: z.literal("bulk_action_record"),
      record_id: z.string(),
      position: z.int().nonnegative().meta({ description: "Its index in `record_ids`, from 0." }),
      outcome: z.enum(listOutcomes(effects)).meta({
        description:
          `${listCodes(listEffects(effects))}: the action applied to the record; \`${UNKNOWN_EFFECT}\` if this server does not know ` +
          "the action type. `pending`: no outcome yet. `not_attempted`: untouched, and the bulk action has ended. " +
          "All but `pending` are final. New actions may add an outcome.",
      }),
      code: z
        .string()
        .nullable()
        .meta({
          description:
            "Why the action did not change it, for programs: `record.not_found`, `record.kept`, " +
            "`record.no_longer_matches`, " +
            `${listCodes(listSkipCodes(effects))} (skipped), \`record.locked\`, \`record.timeout\`, \`record.conflict\`, ` +
            "`record.internal_error` (failed), `record.not_attempted`. More may be added. Null when the action applied " +
            "to it or it is pending.",
        }),
      message: z.string().nullable().meta({ description: "The reason, for people; the words may change." }),
      retriable: z.boolean().meta({ description: "Whether the id may succeed in another bulk action." }),
    })
    .meta({ id: "BulkActionRecord", examples: [...EXAMPLE_RECORDS] }),
);

function listCodes(codes: readonly string[]): string {
  return codes.map((code) => `\`${code}\``).join(", ");
}

/** Returns the path of the records of the bulk action of this id. */
export function recordsUrl(id: string): string {
  return `/v1/bulk_actions/${id}/records`;
}

type WireRecord = z.output<ReturnType<typeof bulkActionRecord>>;

/**
 * Many records, one a line. The schema is a string: OpenAPI 3.1 cannot describe a sequence of JSON texts, and a
 * generated client that expects one record would parse the whole body as one.
 */
export const bulkActionRecordLines = z.string().meta({
  description:
    "One `BulkActionRecord` as JSON a line, each ended by a line feed (NDJSON). Parse line by line.",
  examples: [EXAMPLE_RECORDS.map((record) => `${JSON.stringify(record)}\n`).join("")],
});

/** Returns one record and its outcome, in the words of the action. */
export function presentRecord(
  { recordId, position, outcome, code }: ActionRecord,
  actionType: string,
  effects: RecordEffects,
): WireRecord {
  const { message, retriable } =
    code === undefined ? NO_REASON : explain(code, effects.get(actionType)?.skips);
  return {
    object: "bulk_action_record",
    record_id: recordId,
    position,
    outcome: nameOutcome(outcome, effectWord(effects, actionType)),
    code: code === undefined ? null : bareCode(code),
    message,
    retriable,
  };
}

const NO_REASON = { message: null, retriable: false } as const;
