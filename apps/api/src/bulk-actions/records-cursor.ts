import { createHash } from "node:crypto";
import { RequestError } from "@bulk/domain/errors/request-error";

/**
 * Returns the cursor for the place after the record at this position in the list of this bulk action. It is opaque to
 * callers, but not secret. The digest detects typing errors, truncation, and cursors of other lists.
 */
export function writeCursor(id: string, position: number): string {
  const bytes = Buffer.alloc(POSITION_BYTES);
  bytes.writeUInt32BE(position);
  const digest = createHash("sha256").update(`records ${id} ${position}`).digest().subarray(0, 8);
  return Buffer.concat([bytes, digest]).toString("base64url");
}

/** Reads the position from a cursor of this bulk action's list. Throws `invalid` for anything else. */
export function readCursor(id: string, cursor: string): number {
  const bytes = Buffer.from(cursor, "base64url");
  const position = bytes.length < POSITION_BYTES ? undefined : bytes.readUInt32BE();
  if (position === undefined || writeCursor(id, position) !== cursor) throw notACursor();
  return position;
}

const POSITION_BYTES = 4;

function notACursor(): RequestError {
  const message = "must be the next_cursor of a response for the same bulk action";
  return new RequestError("invalid", "bulk_action.invalid", `after ${message}.`, [
    { attribute: "after", type: "invalid", code: "bulk_action.after.invalid", options: {}, message },
  ]);
}
