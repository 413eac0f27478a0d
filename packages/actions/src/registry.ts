import type { Action } from "./action.ts";
import { deleteCustomers } from "./delete-customers.ts";
import { deleteProducts } from "./delete-products.ts";

const ACTIONS: readonly Action[] = [deleteCustomers, deleteProducts];

/** What the API accepts and a worker can carry out: looks an action up by its type. */
export type Registry = ReadonlyMap<string, Action>;

/** Every action there is. */
export const registry: Registry = createRegistry(ACTIONS);

/** Throws on two actions of one type and on a type that is not `snake_case`, so that a wrong list never starts. */
export function createRegistry(actions: readonly Action[]): Registry {
  const byType = new Map<string, Action>();
  for (const action of actions) {
    if (!/^[a-z]+(_[a-z]+)*$/.test(action.type)) {
      throw new Error(`The action type ${JSON.stringify(action.type)} must be snake_case.`);
    }
    if (byType.has(action.type)) throw new Error(`Two actions have the type ${action.type}.`);
    byType.set(action.type, action);
  }
  return byType;
}
