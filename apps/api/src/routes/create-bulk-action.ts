import { NO_PROGRESS } from "@bulk/domain/action-outcome";
import { firstTurns } from "@bulk/queue/turn";
import { createBulkAction as storeBulkAction } from "@bulk/store/bulk-actions";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { type Expand, expandQuery, presentExpanded } from "../expand.ts";
import { type NewBulkAction, newBulkActionBody } from "../new-bulk-action.ts";
import { RETRY_AFTER } from "../polling.ts";
import { readQuery } from "../query.ts";
import { validate } from "../validate.ts";
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
      query: expandQuery,
      body: body.schema,
      answer: bulkActionObject,
      refusals: ["malformed", "too_large", "unsupported", "invalid"],
    },
    answer: async (request) => {
      const { expand } = validate("bulk_action", expandQuery, readQuery(request.query));
      return await submit(request, body.parse(request.body), expand, context);
    },
  };
}

// The queue is only nudged; if it is away, the sweeper starts the lanes as soon as it is back.
async function submit(
  request: ApiRequest,
  { actionType, recordIds }: NewBulkAction,
  expand: Expand,
  { database, queue, config }: ApiContext,
): Promise<ApiAnswer> {
  const { accountId, tokenId: createdByTokenId } = request.caller;
  const chunkSize = config.CHUNK_SIZE;
  const submitted = { accountId, actionType, recordIds, chunkSize, createdByTokenId };
  const bulkAction = await storeBulkAction(database, submitted);
  const start = { id: bulkAction.id, actionType, generation: 1, enqueuedAt: bulkAction.createdAt };
  const turns = firstTurns(start, Math.ceil(recordIds.length / chunkSize), config.WINDOW);
  await queue.addTurns(turns).catch((error: unknown) => {
    request.logger.warn({ error, bulkActionId: bulkAction.id }, "not enqueued; the sweeper will do it");
  });
  const fresh = { ...bulkAction, ...NO_PROGRESS, recordIds, skippedIds: [] };
  const body = presentExpanded(fresh, expand, config.RETENTION_DAYS);
  const headers = { Location: `/v1/bulk_actions/${bulkAction.id}`, ...RETRY_AFTER };
  return { kind: "json", body, headers, bulkActionId: bulkAction.id };
}
