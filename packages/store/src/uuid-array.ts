/**
 * UUIDs as a `uuid[]` parameter in PostgreSQL's binary form (what array_send writes: dimensions, no nulls,
 * element type, length, lower bound, then each element with its length). Takes canonical text in any case.
 *
 * Half the bytes of the text form, and PostgreSQL has nothing to parse: 100,000 ids are stored in half the time.
 */
export function encodeUuidArray(ids: readonly string[]): Uint8Array<ArrayBuffer> {
  const head = [1, 0, UUID_OID, ids.length, 1].map(hexadecimal).join("");
  const elements = ids.length === 0 ? "" : UUID_LENGTH + ids.join(UUID_LENGTH).replaceAll("-", "");
  return Buffer.from(head + elements, "hex");
}

/** The type's object id, the same in every PostgreSQL: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const UUID_OID = 2950;

const UUID_LENGTH = hexadecimal(16);

/** Four bytes, the highest first. */
function hexadecimal(value: number): string {
  return value.toString(16).padStart(8, "0");
}
