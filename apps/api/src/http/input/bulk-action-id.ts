import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import { isUuid } from "@bulk/domain/is-uuid";

/** Returns the bulk action id of a path, in lower case. Throws `bulkActionNotFound` if it is not a UUID. */
export function readBulkActionId(params: Readonly<Record<string, string>>): string {
  const { id } = params;
  if (!isUuid(id)) throw bulkActionNotFound();
  return id.toLowerCase();
}
