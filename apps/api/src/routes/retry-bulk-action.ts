import { RequestError } from "@bulk/domain/request-error";
import { retryBulkAction as storeRetry } from "@bulk/store/retry";
import { bulkActionNotFound, readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { RETRY_AFTER } from "../polling.ts";
import { presentBulkAction } from "../present.ts";
import { startLanes } from "../start-lanes.ts";
import { bulkActionObject } from "../wire.ts";

/** `POST /v1/bulk_actions/{id}/retry` */
export function retryBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "retryBulkAction",
      summary: "Retry a bulk action",
      description:
        "Submits a new bulk action over the ids of an ended one that failed or were not attempted, in their " +
        "order, and answers it; the old one stays as it is. Skipped ids are left out: the action does not " +
        "apply to them. Refused with `bulk_action.still_open` before the end, with " +
        "`bulk_action.retry_in_progress` while another retry of it is open, and with " +
        "`bulk_action.nothing_to_retry` when every id was deleted or skipped.",
      answer: bulkActionObject,
      refusals: ["not_found", "conflict", "invalid"],
    },
    answer: (request) => retry(request, context),
  };
}

async function retry({ params, caller, logger }: ApiRequest, context: ApiContext): Promise<ApiAnswer> {
  const id = readBulkActionId(params);
  const { accountId, tokenId: createdByTokenId } = caller;
  const chunkSize = context.config.CHUNK_SIZE;
  const result = await storeRetry(context.database, { accountId, id, chunkSize, createdByTokenId });
  if (result.kind !== "created") throw refusal(result.kind);
  const { bulkAction } = result;
  await startLanes(bulkAction, logger, context);
  const headers = { Location: `/v1/bulk_actions/${bulkAction.id}`, ...RETRY_AFTER };
  return { kind: "json", body: presentBulkAction(bulkAction), headers, bulkActionId: bulkAction.id };
}

function refusal(kind: "not_found" | "still_open" | "in_progress" | "nothing_to_retry"): RequestError {
  switch (kind) {
    case "not_found":
      return bulkActionNotFound();
    case "still_open":
      return new RequestError(
        "conflict",
        "bulk_action.still_open",
        "This bulk action has not ended yet. Wait for its end, or cancel it.",
      );
    case "in_progress":
      return new RequestError(
        "conflict",
        "bulk_action.retry_in_progress",
        "Another retry of this bulk action is open. Wait for its end.",
      );
    case "nothing_to_retry":
      return new RequestError(
        "invalid",
        "bulk_action.nothing_to_retry",
        "No id of this bulk action failed or was left: every one was deleted or skipped.",
      );
  }
}
