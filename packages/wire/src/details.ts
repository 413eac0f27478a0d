import {
  ACTION_OUTCOMES,
  countNotAttempted,
  countProcessed,
  judge,
  type Progress,
} from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { perRegistry } from "@bulk/domain/per-registry";
import { z } from "zod";
import { moment, toUnixSecondsOrNull } from "./moment.ts";
import { brakedBy, presentBraking } from "./progress/braked-by.ts";
import { countOf, presentTally, tally } from "./progress/counts.ts";
import { presentRestoring, restoreDetails } from "./progress/restoring.ts";
import { recordsUrl } from "./record.ts";

/** The key that `expand[]=details` adds to a bulk action. */
export const bulkActionDetails = perRegistry((effects) =>
  z
    .object({
      outcome: z
        .enum(ACTION_OUTCOMES)
        .nullable()
        .meta({
          description:
            "The `status` in more detail; null while the bulk action is open. `completed` becomes `canceled` (a cancel left records " +
            "not attempted), `partial` (the action applied to some records) or `failed` (it applied to none).",
        }),
      total: countOf("Number of records."),
      processed: countOf("Records that have their outcome. No count ever goes down."),
      ...tally(effects),
      not_attempted: countOf("Records left untouched at the end; 0 while the bulk action is open."),
      started_at: moment.nullable(),
      finished_at: moment.nullable(),
      last_progress_at: moment.nullable().meta({ description: "When a record last got its outcome." }),
      cancel_requested_at: moment.nullable(),
      retry_of: z.guid().nullable().meta({ description: "The bulk action that this one retries." }),
      ...restoreDetails,
      created_by: z
        .object({ object: z.literal("token"), id: z.guid(), name: z.string() })
        .nullable()
        .meta({ description: "The token that submitted it; null when that token no longer exists." }),
      expires_at: moment.nullable().meta({
        description:
          "The bulk action and its records' outcomes may be removed from then on; null while it is open.",
      }),
      records_url: z.string().meta({
        description:
          "The path of its records: every id with its outcome, also of a bulk action whose `record_ids` are too many to be " +
          "listed.",
      }),
      paused: z
        .object({
          since: moment,
          reason: z.string().nullable().meta({
            description:
              "Which foreign key or trigger of the database is new or missing; null for a pause by an operator.",
          }),
        })
        .nullable()
        .meta({
          description:
            "The oldest pause that holds the bulk action now: no chunk starts until it ends. Null without one, and once " +
            "the bulk action has ended. Set by an operator, or by the service while the foreign keys or triggers of the " +
            "database differ from what the action's declaration expects.",
        }),
      braked_by: brakedBy,
    })
    .meta({ id: "BulkActionDetails" }),
);

export type WireDetails = z.output<ReturnType<typeof bulkActionDetails>>;

/** What an installation decides about the words and times of a bulk action. */
export type Presentation = { readonly retentionDays: number; readonly effects: RecordEffects };

/** Returns the details as answers and events have them. */
export function presentDetails(
  bulkAction: BulkAction & Progress,
  { retentionDays, effects }: Presentation,
): WireDetails {
  const { createdBy, finishedAt, paused } = bulkAction;
  const finishedSeconds = toUnixSecondsOrNull(finishedAt);
  return {
    outcome: judge(bulkAction) ?? null,
    total: bulkAction.recordCount,
    processed: countProcessed(bulkAction),
    ...presentRestoring(bulkAction),
    // The count of a restore is `restored`, too.
    ...presentTally(bulkAction, effects),
    not_attempted: countNotAttempted(bulkAction),
    started_at: toUnixSecondsOrNull(bulkAction.startedAt),
    finished_at: finishedSeconds,
    last_progress_at: toUnixSecondsOrNull(bulkAction.lastProgressAt),
    cancel_requested_at: toUnixSecondsOrNull(bulkAction.cancelRequestedAt),
    retry_of: bulkAction.retryOfId,
    created_by: createdBy && { object: "token", id: createdBy.id, name: createdBy.name },
    expires_at: finishedSeconds && finishedSeconds + retentionDays * SECONDS_PER_DAY,
    records_url: recordsUrl(bulkAction.id),
    paused: paused && { since: paused.sinceSeconds, reason: paused.reason },
    braked_by: presentBraking(bulkAction.braked),
  };
}

const SECONDS_PER_DAY = 86_400;
