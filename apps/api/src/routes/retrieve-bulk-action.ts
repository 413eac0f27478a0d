import { RequestError } from "@bulk/domain/request-error";
import { findBulkAction, findBulkActionVersion } from "@bulk/store/bulk-actions";
import type { ApiAnswer, ApiContext, ApiRequest } from "../context.ts";
import { isUuid } from "../is-uuid.ts";
import { isNamed, pollingHeaders } from "../polling.ts";
import { presentBulkAction } from "../present.ts";

/** `GET /v1/bulk_actions/{id}`: another account's bulk action does not exist for the caller. */
export async function retrieveBulkAction(request: ApiRequest, { database }: ApiContext): Promise<ApiAnswer> {
  const { id } = request.params;
  const { accountId } = request.caller;
  if (!isUuid(id)) throw notFound();
  if (request.ifNoneMatch !== undefined) {
    const version = await findBulkActionVersion(database, accountId, id);
    if (version === undefined) throw notFound();
    const headers = pollingHeaders(version);
    if (isNamed(headers.ETag, request.ifNoneMatch))
      return { kind: "not_modified", headers, bulkActionId: id };
  }
  const bulkAction = await findBulkAction(database, accountId, id);
  if (bulkAction === undefined) throw notFound();
  const headers = pollingHeaders({ ...bulkAction, skippedCount: bulkAction.skippedIds.length });
  return { kind: "json", body: presentBulkAction(bulkAction), headers, bulkActionId: id };
}

function notFound(): RequestError {
  return new RequestError("not_found", "bulk_action.not_found", "There is no bulk action with this id.");
}
