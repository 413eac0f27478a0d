import type { Action } from "@bulk/actions/action";
import { openRecords } from "@bulk/records/open-records";

/** The actions of the sample shop. */
export const { registry } = openRecords();

/** The action that deletes products of the sample shop. */
export const deleteProducts = loadAction("delete_products");

function loadAction(type: string): Action {
  const action = registry.get(type);
  if (action === undefined) throw new Error(`The sample shop has no action ${type}.`);
  return action;
}
