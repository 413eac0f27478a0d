import { type Registry, submittable } from "@bulk/actions/registry";
import type { KeyType } from "@bulk/domain/keys/key-type";
import type { KeyTypes } from "./record-ids.ts";

/** Finds the type of an action type's ids or, given `undefined`, the type that all action types have, if it is one. */
export type FindKeyType = (actionType: unknown) => KeyType | undefined;

export function findKeyTypeIn(registry: Registry): FindKeyType {
  const keyTypes = new Map<unknown, KeyType>(keyTypesIn(registry));
  const [only, ...others] = new Set(keyTypes.values());
  if (only !== undefined && others.length === 0) keyTypes.set(undefined, only);
  return (actionType) => keyTypes.get(actionType);
}

/** Returns the type of the ids of each action type that callers may submit. */
export function keyTypesIn(registry: Registry): KeyTypes {
  return new Map([...submittable(registry)].map(([type, action]) => [type, action.key.type]));
}
