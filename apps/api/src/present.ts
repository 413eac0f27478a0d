import type { BulkActionWithRecords } from "@bulk/store/bulk-actions";

/** The wire object: exactly the eight keys of the base contract. */
export function presentBulkAction(bulkAction: BulkActionWithRecords) {
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

/** The envelope of a list, piece by piece, so that a page of long lists of ids is never whole in memory. */
export async function* presentList(
  pagination: { readonly count: number; readonly limit: number; readonly page: number; readonly url: string },
  bulkActions: AsyncIterable<BulkActionWithRecords>,
): AsyncGenerator<string> {
  let before = `{"object":"list","pagination":${JSON.stringify(pagination)},"data":[`;
  for await (const bulkAction of bulkActions) {
    yield before + JSON.stringify(presentBulkAction(bulkAction));
    before = ",";
  }
  yield before === "," ? "]}" : `${before}]}`;
}

function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
