import type { ApiRequest } from "./context.ts";

/** What any request takes: itself, its headers and a small answer. */
export const MEMORY_PER_REQUEST = 32 * 1024;

/** A body is there as bytes, as text and as values, and most of it once more in the statement and in the answer. */
export const MEMORY_PER_BODY_BYTE = 8;

/** An id is there as the database sent it, as text, in the answer's text and in its bytes, and twice if it is skipped. */
export const MEMORY_PER_RECORD = 320;

/** Reserves the memory of an answer with so many ids. */
export function reserveRecords({ reserve }: Pick<ApiRequest, "reserve">, recordCount: number): Promise<void> {
  return reserve(recordCount * MEMORY_PER_RECORD);
}
