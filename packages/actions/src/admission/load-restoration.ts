import { notRestorable } from "@bulk/domain/errors/refusals";
import { findActionType } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import type { Database } from "@bulk/store/database";
import type { BulkActionKey } from "@bulk/store/watching/bulk-action-progress";
import type { Action } from "../action.ts";
import { type Registry, restorationOf } from "../registry.ts";

/**
 * Returns the action that takes back what the account's bulk action of this id does. Throws `not_found` if there is no such
 * bulk action, and `conflict` if no action does.
 */
export async function loadRestoration(
  { accountId, id }: BulkActionKey,
  { database, registry }: { readonly database: Database; readonly registry: Registry },
): Promise<Action> {
  const actionType = await findActionType(database, accountId, id);
  if (actionType === undefined) throw notRestorable("not_found");
  const restoration = restorationOf(registry, actionType);
  if (restoration === undefined) throw notRestorable("type");
  return restoration;
}
