import { admitRetry } from "@bulk/actions/admission/admit-records";
import { listRestorable } from "@bulk/actions/registry";
import { creationConfig } from "@bulk/service/config/creation-config";
import { readConfig } from "@bulk/service/config/read-config";
import { type LeftOver, retryBulkAction } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { BulkActionKey } from "@bulk/store/watching/bulk-action-progress";
import { knownActions } from "../known-actions.ts";
import type { Session } from "../session.ts";
import { nudge } from "./nudge.ts";

/**
 * Submits a bulk action over the ids that another one left, by the rules of the API, its limit on open ones included.
 * Throws the same refusals.
 *
 * @returns the id of the new bulk action
 */
export async function retryAsOperator(
  { database, engines }: Session,
  { accountId, id }: BulkActionKey,
  taking: LeftOver,
): Promise<string> {
  const config = readConfig(creationConfig, process.env);
  const registry = knownActions();
  await admitRetry({ accountId, id }, { database, registry });
  const creation = await retryBulkAction(database, {
    accountId,
    createdByTokenId: undefined,
    maxOpen: config.MAX_OPEN_ACTIONS,
    idempotencyKey: undefined,
    id,
    taking,
    mostListed: 0,
    chunkSize: config.CHUNK_SIZE,
    keeping: { days: config.RESTORE_DAYS, actionTypes: listRestorable(registry) },
  });
  if (creation.kind === "replayed") return creation.id;
  await nudge(engines, creation.bulkAction, config);
  return creation.bulkAction.id;
}
