import type { Action } from "./action.ts";

/** Actions that are written in code, because no declaration can say them (docs/adding-an-action.md). */
const WRITTEN_ACTIONS: readonly Action[] = [];

/** What the API accepts and a worker can carry out: actions by type. */
export type Registry = ReadonlyMap<string, Action>;

/**
 * Returns the registry of these actions and of those that are written in code. Throws on two actions of one type and on
 * a type that is not `snake_case`, so that no process starts with them.
 */
export function createRegistry(declared: readonly Action[]): Registry {
  const byType = new Map<string, Action>();
  for (const action of [...WRITTEN_ACTIONS, ...declared]) {
    if (!/^[a-z]+(_[a-z]+)*$/.test(action.type)) {
      throw new Error(`The action type ${JSON.stringify(action.type)} must be snake_case.`);
    }
    if (byType.has(action.type)) throw new Error(`Two actions have the type ${action.type}.`);
    byType.set(action.type, action);
  }
  return byType;
}
