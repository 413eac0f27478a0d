/** Bytes per request: its objects, headers and a small response. */
export const MEMORY_PER_REQUEST = 32 * 1024;

/** Copies of a body that `JSON.parse` reads: bytes, string and values, and most of it again in the SQL statement and the response. */
export const MEMORY_PER_BODY_BYTE = 8;

/** Bytes per id of the size of a UUID (`IdWeight`): as received from the database, as a string, and in the response as string and bytes; twice if skipped. */
export const MEMORY_PER_RECORD = 320;
