import { createBulkAction as storeBulkAction } from "@bulk/store/bulk-actions";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { type NewBulkAction, newBulkActionBody } from "../new-bulk-action.ts";
import { RETRY_AFTER } from "../polling.ts";
import { presentBulkAction } from "../present.ts";
import { startLanes } from "../start-lanes.ts";
import { bulkActionObject } from "../wire.ts";

/** `POST /v1/bulk_actions` */
export function createBulkAction(context: ApiContext): Endpoint {
  const body = newBulkActionBody(context);
  return {
    operation: {
      id: "createBulkAction",
      summary: "Submit a bulk action",
      description:
        "The answer means that the bulk action is durable and will reach a terminal status, whatever dies " +
        "afterwards. Records are deleted in the background; ids that the action does not apply to (unknown, of " +
        "another account, in use) are skipped and end up in `skipped_record_ids`.",
      body: body.schema,
      answer: bulkActionObject,
      refusals: ["malformed", "too_large", "unsupported", "invalid"],
    },
    answer: async (request) => submit(request, body.parse(request.body), context),
  };
}

async function submit(
  request: ApiRequest,
  { actionType, recordIds }: NewBulkAction,
  context: ApiContext,
): Promise<ApiAnswer> {
  const { accountId, tokenId: createdByTokenId } = request.caller;
  const chunkSize = context.config.CHUNK_SIZE;
  const submitted = { accountId, actionType, recordIds, chunkSize, createdByTokenId };
  const bulkAction = await storeBulkAction(context.database, submitted);
  await startLanes(bulkAction, request.logger, context);
  const body = presentBulkAction({ ...bulkAction, recordIds, skippedIds: [] });
  const headers = { Location: `/v1/bulk_actions/${bulkAction.id}`, ...RETRY_AFTER };
  return { kind: "json", body, headers, bulkActionId: bulkAction.id };
}
