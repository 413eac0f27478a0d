import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { createBulkAction } from "@bulk/store/bulk-actions/create-bulk-action";
import type { IdempotencyKey } from "@bulk/store/bulk-actions/idempotency";
import type { Queryable } from "@bulk/store/database";
import { recordIdsOf } from "./record-ids.ts";

/** A bulk action that deletes these products and of which no queue knows: as when the API died after its commit. */
export async function writeBulkAction(
  database: Queryable,
  accountId: string,
  recordIds: readonly string[],
  idempotencyKey?: IdempotencyKey,
): Promise<BulkAction> {
  const creation = await createBulkAction(database, {
    ...{ accountId, actionType: "delete_products", recordIds: recordIdsOf(recordIds), chunkSize: 1_000 },
    ...{ createdByTokenId: undefined, maxOpen: 1_000_000, idempotencyKey, restoreDays: 0 },
  });
  if (creation.kind !== "created") throw new Error("The idempotency key was taken.");
  return creation.bulkAction;
}
