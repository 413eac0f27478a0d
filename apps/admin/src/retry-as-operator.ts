import { notRetriable, tooManyOpen } from "@bulk/domain/refusals";
import { RequestError } from "@bulk/domain/request-error";
import { firstTurns } from "@bulk/queue/turn";
import { openTurnQueue } from "@bulk/queue/turn-queue";
import { creationConfig } from "@bulk/service/creation-config";
import { readConfig } from "@bulk/service/read-config";
import type { BulkActionKey, BulkActionProgress } from "@bulk/store/bulk-action-progress";
import { hasOpenRetry, type LeftOver, retryBulkAction } from "@bulk/store/retry";
import type { Session } from "./session.ts";

/**
 * Submits a bulk action over ids that another one left, by the rules of the API, its cap on open ones included.
 * Throws its refusals.
 */
export async function retryAsOperator(
  { database, engines }: Session,
  { accountId, id }: BulkActionKey,
  taking: LeftOver,
): Promise<BulkActionProgress> {
  const config = readConfig(creationConfig, process.env);
  const admission = { accountId, createdByTokenId: undefined, idempotencyKey: undefined };
  const scope = {
    id,
    taking,
    answering: "without_ids" as const,
    chunkSize: config.CHUNK_SIZE,
    maxOpen: config.MAX_OPEN_ACTIONS,
  };
  const result = await retryBulkAction(database, { ...admission, ...scope });
  if (result.kind === "created") {
    await nudge(engines, result.bulkAction, config);
    return result.bulkAction;
  }
  if (result.kind === "nothing_to_retry" && taking === "failed") throw nothingFailed();
  if (result.kind !== "not_admitted") throw notRetriable(result.kind);
  const isInProgress = await hasOpenRetry(database, accountId, id);
  throw isInProgress ? notRetriable("in_progress") : tooManyOpen(config.MAX_OPEN_ACTIONS);
}

function nothingFailed(): RequestError {
  const message =
    "No failed id of this bulk action is left. Without --failed-only, what was not attempted is taken up.";
  return new RequestError("invalid", "bulk_action.nothing_to_retry", message);
}

async function nudge(
  { queue: engine }: Session["engines"],
  { id, actionType, createdAt, recordCount }: BulkActionProgress,
  { CHUNK_SIZE, WINDOW }: { readonly CHUNK_SIZE: number; readonly WINDOW: number },
): Promise<void> {
  const queue = openTurnQueue({ engine, deadlineMs: 2_000, onError: () => undefined });
  const start = { id, actionType, generation: 1, enqueuedAt: createdAt };
  try {
    await queue.addTurns(firstTurns(start, Math.ceil(recordCount / CHUNK_SIZE), WINDOW));
  } catch {
    console.error("The queue does not answer; a worker's sweeper will start the bulk action.");
  } finally {
    await queue.close();
  }
}
