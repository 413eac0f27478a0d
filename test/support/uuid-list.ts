import { readUuidList, type UuidList } from "@bulk/store/uuid-list";

/** The list of these ids; throws if one is no UUID. */
export function uuidList(ids: readonly string[]): UuidList {
  const list = readUuidList(ids);
  if (list === undefined) throw new Error("These are not all UUIDs.");
  return list;
}
