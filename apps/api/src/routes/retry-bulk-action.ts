import { RequestError } from "@bulk/domain/request-error";
import { hasOpenRetry, retryBulkAction as storeRetry } from "@bulk/store/retry";
import { bulkActionNotFound, readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { createOnce, creationAnswerHeaders, creationHeaders, tooManyOpen } from "../create-once.ts";
import { EXAMPLE_RETRY } from "../examples.ts";
import { expandQuery } from "../expand.ts";
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
      query: expandQuery,
      headers: creationHeaders,
      answer: bulkActionObject.meta({ examples: [EXAMPLE_RETRY] }),
      answerHeaders: creationAnswerHeaders,
      refusals: ["not_found", "conflict", "invalid"],
    },
    answer: (request) => retry(request, context),
  };
}

async function retry(request: ApiRequest, context: ApiContext): Promise<ApiAnswer> {
  const { database, config } = context;
  const id = readBulkActionId(request.params);
  return await createOnce(request, context, {
    path: `/v1/bulk_actions/${id}/retry`,
    meaning: { retryOf: id },
    async create(admission) {
      const result = await storeRetry(database, { ...admission, id, chunkSize: config.CHUNK_SIZE });
      if (result.kind === "created") return result.bulkAction;
      if (result.kind === "not_admitted") return undefined;
      throw refusal(result.kind);
    },
    async explainRefusal() {
      const isInProgress = await hasOpenRetry(database, request.caller.accountId, id);
      return isInProgress ? refusal("in_progress") : tooManyOpen(config.MAX_OPEN_ACTIONS);
    },
  });
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
