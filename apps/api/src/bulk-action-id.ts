import { RequestError } from "@bulk/domain/request-error";
import { isUuid } from "./is-uuid.ts";

/** The bulk action a path names. What is no UUID names none: throws `bulkActionNotFound`. In lower case. */
export function readBulkActionId(params: Readonly<Record<string, string>>): string {
  const { id } = params;
  if (!isUuid(id)) throw bulkActionNotFound();
  return id.toLowerCase();
}

/** Unknown, or another account's, which is the same to a caller. */
export function bulkActionNotFound(): RequestError {
  return new RequestError("not_found", "bulk_action.not_found", "There is no bulk action with this id.");
}
