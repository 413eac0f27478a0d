import { restoreBulkAction } from "@bulk/store/bulk-actions/restoring/restore-bulk-action";
import { type LeftOver, type Retry, retryBulkAction } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { Database } from "@bulk/store/database";
import type { BulkActionKey } from "@bulk/store/watching/bulk-action-progress";
import { admitRecords, admitRetry } from "../admission/admit-records.ts";
import { loadRestoration } from "../admission/load-restoration.ts";
import { listRestorable, type Registry } from "../registry.ts";

export type SubmitTools = {
  readonly database: Database;
  readonly registry: Registry;
  readonly config: {
    readonly MAX_OPEN_ACTIONS: number;
    readonly CHUNK_SIZE: number;
    readonly RESTORE_DAYS: number;
  };
};

/**
 * Creates, for an operator, a bulk action over the ids that another one left, by the rules of the API, its limit on open
 * ones included. Throws the same refusals. Its turns are the caller's to enqueue.
 */
export async function retryAsOperator(
  { database, registry, config }: SubmitTools,
  { accountId, id }: BulkActionKey,
  taking: LeftOver,
): Promise<Retry> {
  await admitRetry({ accountId, id }, { database, registry });
  return await retryBulkAction(database, {
    ...{ accountId, id, taking, ...asOperator(config) },
    chunkSize: config.CHUNK_SIZE,
    keeping: { days: config.RESTORE_DAYS, actionTypes: listRestorable(registry) },
  });
}

/** The same for a bulk action that brings back all records of another one. */
export async function restoreAsOperator(
  { database, registry, config }: SubmitTools,
  { accountId, id }: BulkActionKey,
): Promise<Retry> {
  const { type: actionType } = await loadRestoration({ accountId, id }, { database, registry });
  await admitRecords(actionType, { database, registry });
  return await restoreBulkAction(database, {
    ...{ accountId, id, actionType, ...asOperator(config) },
    recordIds: undefined,
  });
}

function asOperator({ MAX_OPEN_ACTIONS: maxOpen }: SubmitTools["config"]) {
  return { createdByTokenId: undefined, maxOpen, idempotencyKey: undefined, mostListed: 0 };
}
