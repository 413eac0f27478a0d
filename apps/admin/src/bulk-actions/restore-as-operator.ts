import { admitRecords } from "@bulk/actions/admission/admit-records";
import { loadRestoration } from "@bulk/actions/admission/load-restoration";
import { creationConfig } from "@bulk/service/config/creation-config";
import { readConfig } from "@bulk/service/config/read-config";
import { restoreBulkAction } from "@bulk/store/bulk-actions/restoring/restore-bulk-action";
import type { BulkActionKey } from "@bulk/store/watching/bulk-action-progress";
import { knownActions } from "../known-actions.ts";
import type { Session } from "../session.ts";
import { nudge } from "./nudge.ts";

/**
 * Submits a bulk action that brings back all records of another one, by the rules of the API, its limit on open ones
 * included. Throws the same refusals.
 *
 * @returns the id of the new bulk action
 */
export async function restoreAsOperator(
  { database, engines }: Session,
  { accountId, id }: BulkActionKey,
): Promise<string> {
  const config = readConfig(creationConfig, process.env);
  const registry = knownActions();
  const { type: actionType } = await loadRestoration({ accountId, id }, { database, registry });
  await admitRecords(actionType, { database, registry });
  const creation = await restoreBulkAction(database, {
    accountId,
    createdByTokenId: undefined,
    maxOpen: config.MAX_OPEN_ACTIONS,
    idempotencyKey: undefined,
    id,
    actionType,
    recordIds: undefined,
    mostListed: 0,
  });
  if (creation.kind === "replayed") return creation.id;
  await nudge(engines, creation.bulkAction, config);
  return creation.bulkAction.id;
}
