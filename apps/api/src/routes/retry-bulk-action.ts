import { notRetriable, tooManyOpen } from "@bulk/domain/refusals";
import { countRecords } from "@bulk/store/bulk-actions";
import { hasOpenRetry, retryBulkAction as storeRetry } from "@bulk/store/retry";
import { readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { createOnce, creationAnswerHeaders, creationHeaders } from "../create-once.ts";
import { EXAMPLE_RETRY } from "../examples.ts";
import { reserveRecords } from "../memory-costs.ts";
import { shortViewQuery, showsIds } from "../view.ts";
import { bulkActionAnswer } from "../wire.ts";

/** `POST /v1/bulk_actions/{id}/retry` */
export function retryBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "retryBulkAction",
      summary: "Retry a bulk action",
      description:
        "Submits a new bulk action over the ids of an ended one that failed or were not attempted, in their " +
        "order, and answers it; the old one stays as it is. Skipped ids are left out: the action does not " +
        "apply to them. So are ids that another retry, or a retry of that, has deleted or skipped since. Refused " +
        "with `bulk_action.still_open` before the end, with `bulk_action.retry_in_progress` while another retry " +
        "of the same records is open, and with `bulk_action.nothing_to_retry` when no id is left.",
      query: shortViewQuery,
      headers: creationHeaders,
      answer: bulkActionAnswer.meta({ examples: [EXAMPLE_RETRY] }),
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
    async create(admission, view) {
      const scope = { id, taking: "failed_and_untouched", chunkSize: config.CHUNK_SIZE } as const;
      const { accountId } = request.caller;
      if (showsIds(view)) await reserveRecords(request, await countRecords(database, accountId, id));
      const answering = showsIds(view) ? "with_ids" : "without_ids";
      const result = await storeRetry(database, { ...admission, ...scope, answering });
      if (result.kind === "created") return result.bulkAction;
      if (result.kind !== "not_admitted") return notRetriable(result.kind);
      const isInProgress = await hasOpenRetry(database, request.caller.accountId, id);
      return isInProgress ? notRetriable("in_progress") : tooManyOpen(config.MAX_OPEN_ACTIONS);
    },
  });
}
