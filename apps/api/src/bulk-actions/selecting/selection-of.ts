import type { Action } from "@bulk/actions/action";
import { loadAccountKey } from "@bulk/store/accounts/accounts";
import type { Selection } from "@bulk/store/bulk-actions/selecting/selection";
import type { ApiContext } from "../../context.ts";
import type { SelectedBulkAction } from "../body/new-bulk-action.ts";

/** Returns the action of a body and the records of the account that its filter selects. */
export async function selectionOf(
  { actionType, filter }: SelectedBulkAction,
  accountId: string,
  { database, registry }: ApiContext,
): Promise<{ readonly effect: Action; readonly selection: Selection }> {
  const effect = registry.get(actionType);
  if (effect?.filtering === undefined) throw new Error(`The registry has lost the filters of ${actionType}.`);
  const { table, key, filtering } = effect;
  const accountKey = await loadAccountKey(database, accountId);
  return { effect, selection: { table, key, ...filtering.select(filter, accountKey) } };
}
