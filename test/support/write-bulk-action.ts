import type { BulkAction } from "@bulk/domain/bulk-action";
import type { IdempotencyKey } from "@bulk/store/admission";
import { createBulkAction } from "@bulk/store/bulk-actions";
import type { Queryable } from "@bulk/store/database";
import { uuidList } from "./uuid-list.ts";

/** A bulk action that deletes these products and of which no queue knows: as when the API died after its commit. */
export async function writeBulkAction(
  database: Queryable,
  accountId: string,
  recordIds: readonly string[],
  idempotencyKey?: IdempotencyKey,
): Promise<BulkAction> {
  const bulkAction = await createBulkAction(database, {
    ...{ accountId, actionType: "delete_products", recordIds: uuidList(recordIds), chunkSize: 1_000 },
    ...{ createdByTokenId: undefined, maxOpen: 1_000_000, idempotencyKey },
  });
  if (bulkAction === undefined) throw new Error("The bulk action was not admitted.");
  return bulkAction;
}
