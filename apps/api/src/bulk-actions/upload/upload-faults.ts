import { RequestError, type ValidationError } from "@bulk/domain/errors/request-error";

/** The error for ids of an upload. `message` continues the name of the attribute, `record_ids`. */
export function recordIdsFault(
  type: "blank" | "invalid" | "too_long" | "wrong_length",
  message: string,
  options: ValidationError["options"],
): RequestError {
  return new RequestError("invalid", "bulk_action.invalid", `record_ids ${message}.`, [
    { attribute: "record_ids", type, options, code: `bulk_action.record_ids.${type}`, message },
  ]);
}

/** The most bytes of a line, or of a record of CSV that has several. */
export const MOST_LINE_BYTES = 64 * 1024;

/** The error for a line that is too long to be kept in memory. */
export function lineTooLong(line: number): RequestError {
  return recordIdsFault("invalid", `line ${line} has more than ${MOST_LINE_BYTES} bytes`, { line });
}
