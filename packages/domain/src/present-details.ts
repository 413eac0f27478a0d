import { countNotAttempted, countProcessed, judge, type Progress } from "./action-outcome.ts";
import type { BulkAction } from "./bulk-action.ts";
import { unixSecondsOrNull } from "./unix-seconds.ts";

/** What the base contract's eight keys do not say of a bulk action, as it goes over the wire: in answers and in events. */
export function presentDetails(bulkAction: BulkAction & Progress, retentionDays: number) {
  const { createdBy, finishedAt, deleted, skipped, failed } = bulkAction;
  const finishedSeconds = unixSecondsOrNull(finishedAt);
  return {
    outcome: judge(bulkAction) ?? null,
    total: bulkAction.recordCount,
    processed: countProcessed(bulkAction),
    ...{ deleted, skipped, failed },
    not_attempted: countNotAttempted(bulkAction),
    started_at: unixSecondsOrNull(bulkAction.startedAt),
    finished_at: finishedSeconds,
    last_progress_at: unixSecondsOrNull(bulkAction.lastProgressAt),
    cancel_requested_at: unixSecondsOrNull(bulkAction.cancelRequestedAt),
    retry_of: bulkAction.retryOfId,
    created_by: createdBy && { object: "token" as const, id: createdBy.id, name: createdBy.name },
    expires_at: finishedSeconds && finishedSeconds + retentionDays * SECONDS_PER_DAY,
  };
}

const SECONDS_PER_DAY = 86_400;
