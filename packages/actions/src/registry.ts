import type { Action } from "./action.ts";

/** Actions that are written in code, because no declaration can say them (docs/adding-an-action.md). */
const WRITTEN_ACTIONS: readonly Action[] = [];

/** What a worker can carry out: actions by type. The API accepts those of `submittable` with ids. */
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

/** Returns the actions that callers may submit ids for: all but those that take another one back. */
export function submittable(registry: Registry): Registry {
  return new Map([...registry].filter(([, { restores }]) => restores === undefined));
}

/** Finds the action that takes back what actions of this type do. */
export function restorationOf(registry: Registry, actionType: string): Action | undefined {
  return [...registry.values()].find(({ restores }) => restores === actionType);
}

/** Lists the action types that another action takes back. */
export function listRestorable(registry: Registry): readonly string[] {
  return [...registry.values()].flatMap(({ restores }) => restores ?? []);
}
