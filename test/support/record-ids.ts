import type { KeyType } from "@bulk/domain/keys/key-type";
import type { IdsJson } from "@bulk/store/record-ids/ids-json";
import { type RecordIds, readRecordIds } from "@bulk/store/record-ids/read-record-ids";

/** These ids, of this type; throws if one is no such id. */
export function recordIdsOf(ids: readonly unknown[], type: KeyType = "uuid"): RecordIds {
  const read = readRecordIds(type, ids);
  if (read === undefined) throw new Error(`These are not all ids of the type ${type}.`);
  return read;
}

/** The ids in the JSON of a list. */
export function idsIn({ pieces }: IdsJson): readonly string[] {
  return JSON.parse(Buffer.concat([...pieces()].map((piece) => Buffer.from(piece))).toString());
}
