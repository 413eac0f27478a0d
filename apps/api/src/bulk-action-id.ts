import { isUuid } from "@bulk/domain/is-uuid";
import { bulkActionNotFound } from "@bulk/domain/refusals";

/** The bulk action a path names. What is no UUID names none: throws `bulkActionNotFound`. In lower case. */
export function readBulkActionId(params: Readonly<Record<string, string>>): string {
  const { id } = params;
  if (!isUuid(id)) throw bulkActionNotFound();
  return id.toLowerCase();
}
