/**
 * UUIDs as a `uuid[]` parameter in PostgreSQL's binary form (what array_send writes: dimensions, no nulls,
 * element type, length, lower bound, then each element with its length). Takes canonical text in any case.
 *
 * Half the bytes of the text form, and PostgreSQL has nothing to parse: 100,000 ids are stored in half the time.
 */
export function encodeUuidArray(ids: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + ids.length * (LENGTH_BYTES + UUID_BYTES));
  const view = new DataView(bytes.buffer);
  for (const [index, value] of [1, 0, UUID_OID, ids.length, 1].entries()) view.setInt32(4 * index, value);
  let offset = HEADER_BYTES;
  for (const id of ids) {
    view.setInt32(offset, UUID_BYTES);
    offset += LENGTH_BYTES;
    for (const at of DIGIT_PAIRS) {
      bytes[offset++] = (digit(id.charCodeAt(at)) << 4) | digit(id.charCodeAt(at + 1));
    }
  }
  return bytes;
}

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const UUID_BYTES = 16;

/** The type's object id, the same in every PostgreSQL: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const UUID_OID = 2950;

/** Where each byte's two hexadecimal digits stand in the text form. */
const DIGIT_PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

// "0" to "9" are 0x30 to 0x39, "A" and "a" are 0x41 and 0x61.
function digit(code: number): number {
  return (code & 0xf) + (code >= 0x41 ? 9 : 0);
}
