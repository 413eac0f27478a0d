import { explain } from "@bulk/domain/outcome";
import { type BulkActionProgress, countProcessed } from "@bulk/store/bulk-action-progress";
import type { BulkActionWithRecords } from "@bulk/store/bulk-actions";
import type { SkipCount } from "@bulk/store/preview";
import type { NewBulkAction } from "./new-bulk-action.ts";
import type { Pagination, WireBulkAction, WirePreview, WireProgress } from "./wire.ts";

/** The wire object: exactly the eight keys of the base contract. */
export function presentBulkAction(bulkAction: BulkActionWithRecords): WireBulkAction {
  return {
    id: bulkAction.id,
    object: "bulk_action",
    action_type: bulkAction.actionType,
    record_ids: bulkAction.recordIds,
    skipped_record_ids: bulkAction.skippedIds,
    status: bulkAction.status,
    created_at: unixSeconds(bulkAction.createdAt),
    updated_at: unixSeconds(bulkAction.updatedAt),
  };
}

/** What the events of a bulk action tell. */
export function presentProgress(progress: BulkActionProgress): WireProgress {
  return {
    id: progress.id,
    status: progress.status,
    total: progress.recordCount,
    processed: countProcessed(progress),
    deleted: progress.deleted,
    skipped: progress.skipped,
    failed: progress.failed,
  };
}

/** What a bulk action would do, from what it would skip. */
export function presentPreview(
  { actionType, recordIds }: NewBulkAction,
  skips: readonly SkipCount[],
): WirePreview {
  const skipped = skips.reduce((sum, { count }) => sum + count, 0);
  return {
    object: "bulk_action_preview",
    action_type: actionType,
    total: recordIds.length,
    applicable: recordIds.length - skipped,
    skipped,
    reasons: skips.map(({ code, count }) => ({ code, message: explain(code).message, count })),
  };
}

/** The envelope of a list, piece by piece, so that a page of long lists of ids is never whole in memory. */
export async function* presentList(
  pagination: Pagination,
  items: AsyncIterable<unknown>,
): AsyncGenerator<string> {
  let before = `{"object":"list","pagination":${JSON.stringify(pagination)},"data":[`;
  for await (const item of items) {
    yield before + JSON.stringify(item);
    before = ",";
  }
  yield before === "," ? "]}" : `${before}]}`;
}

/** The wire's way to write a moment. */
export function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
