import { isOpen } from "@bulk/domain/bulk-action";
import { firstTurns } from "@bulk/queue/turn";
import type { BulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import { type BulkActionWithRecords, createBulkAction as storeBulkAction } from "@bulk/store/bulk-actions";
import { z } from "zod";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { type NewBulkAction, newBulkActionBody } from "../new-bulk-action.ts";
import { RETRY_AFTER } from "../polling.ts";
import { presentBulkAction } from "../present.ts";
import { readWaitSeconds, waitApplied, waitHeader, waitUntil } from "../waiting.ts";
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
      headers: z.object({ Prefer: waitHeader }),
      body: body.schema,
      answer: bulkActionObject,
      refusals: ["malformed", "too_large", "unsupported", "invalid"],
    },
    answer: async (request) => submit(request, body.parse(request.body), context),
  };
}

// The queue is only nudged; if it is away, the sweeper starts the lanes as soon as it is back.
async function submit(
  request: ApiRequest,
  { actionType, recordIds }: NewBulkAction,
  { database, queue, watcher, config }: ApiContext,
): Promise<ApiAnswer> {
  const { accountId } = request.caller;
  const chunkSize = config.CHUNK_SIZE;
  const bulkAction = await storeBulkAction(database, { accountId, actionType, recordIds, chunkSize });
  const start = { id: bulkAction.id, actionType, generation: 1, enqueuedAt: bulkAction.createdAt };
  const turns = firstTurns(start, Math.ceil(recordIds.length / chunkSize), config.WINDOW);
  await queue.addTurns(turns).catch((error: unknown) => {
    request.logger.warn({ error, bulkActionId: bulkAction.id }, "not enqueued; the sweeper will do it");
  });
  const stored = { ...bulkAction, recordIds, skippedIds: [] };
  const waitSeconds = readWaitSeconds(request.headers);
  const latest = waitSeconds === undefined ? stored : await awaitEnd(stored, waitSeconds, request, watcher);
  const headers = {
    Location: `/v1/bulk_actions/${bulkAction.id}`,
    ...(isOpen(latest.status) && RETRY_AFTER),
    ...(waitSeconds !== undefined && waitApplied(waitSeconds)),
  };
  return { kind: "json", body: presentBulkAction(latest), headers, bulkActionId: bulkAction.id };
}

async function awaitEnd(
  stored: BulkActionWithRecords,
  seconds: number,
  { ended, logger }: ApiRequest,
  watcher: BulkActionWatcher,
): Promise<BulkActionWithRecords> {
  try {
    const watch = await watcher.watch(stored, ended);
    if (watch === undefined) return stored;
    await waitUntil(({ status }) => !isOpen(status), watch, seconds, ended);
    return ended.aborted ? stored : ((await watch.load()) ?? stored);
  } catch (error) {
    // It is durable all the same; an error would make its caller submit it once more.
    logger.warn({ error, bulkActionId: stored.id }, "could not wait for the end");
    return stored;
  }
}
