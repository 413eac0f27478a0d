import { firstTurns } from "@bulk/queue/turn";
import { createBulkAction as storeBulkAction } from "@bulk/store/bulk-actions";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { exampleBulkAction } from "../examples.ts";
import { type NewBulkAction, newBulkActionBody } from "../new-bulk-action.ts";
import { RETRY_AFTER } from "../polling.ts";
import { presentBulkAction } from "../present.ts";
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
      answer: bulkActionObject.meta({ examples: [exampleBulkAction("pending")] }),
      answerHeaders: ["Location", "Retry-After"],
      refusals: ["malformed", "too_large", "unsupported", "invalid"],
    },
    answer: async (request) => submit(request, body.parse(request.body), context),
  };
}

// The queue is only nudged; if it is away, the sweeper starts the lanes as soon as it is back.
async function submit(
  request: ApiRequest,
  { actionType, recordIds }: NewBulkAction,
  { database, queue, config }: ApiContext,
): Promise<ApiAnswer> {
  const { accountId } = request.caller;
  const chunkSize = config.CHUNK_SIZE;
  const bulkAction = await storeBulkAction(database, { accountId, actionType, recordIds, chunkSize });
  const start = { id: bulkAction.id, actionType, generation: 1, enqueuedAt: bulkAction.createdAt };
  const turns = firstTurns(start, Math.ceil(recordIds.length / chunkSize), config.WINDOW);
  await queue.addTurns(turns).catch((error: unknown) => {
    request.logger.warn({ error, bulkActionId: bulkAction.id }, "not enqueued; the sweeper will do it");
  });
  const body = presentBulkAction({ ...bulkAction, recordIds, skippedIds: [] });
  const headers = { Location: `/v1/bulk_actions/${bulkAction.id}`, ...RETRY_AFTER };
  return { kind: "json", body, headers, bulkActionId: bulkAction.id };
}
