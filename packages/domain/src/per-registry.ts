import type { RecordEffects } from "./bulk-actions/record-effect.ts";

/** Creates a schema once for each registry of actions: a component of the reference must be one schema. */
export function perRegistry<Schema>(
  create: (effects: RecordEffects) => Schema,
): (effects: RecordEffects) => Schema {
  const known = new WeakMap<RecordEffects, Schema>();
  return (effects) => {
    const schema = known.get(effects) ?? create(effects);
    known.set(effects, schema);
    return schema;
  };
}
