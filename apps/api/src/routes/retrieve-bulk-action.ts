import { RequestError } from "@bulk/domain/request-error";
import { findBulkAction } from "@bulk/store/bulk-actions";
import type { ApiAnswer, ApiContext, ApiRequest } from "../context.ts";
import { isUuid } from "../is-uuid.ts";
import { presentBulkAction } from "../present.ts";

/** `GET /v1/bulk_actions/{id}`: another account's bulk action does not exist for the caller. */
export async function retrieveBulkAction(request: ApiRequest, { database }: ApiContext): Promise<ApiAnswer> {
  const { id } = request.params;
  const bulkAction = isUuid(id) ? await findBulkAction(database, request.caller.accountId, id) : undefined;
  if (bulkAction === undefined) {
    throw new RequestError("not_found", "bulk_action.not_found", "There is no bulk action with this id.");
  }
  return { kind: "json", body: presentBulkAction(bulkAction), bulkActionId: bulkAction.id };
}
