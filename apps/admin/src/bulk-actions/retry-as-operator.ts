import { admitRetry } from "@bulk/actions/admission/admit-records";
import { turnsOfCreated } from "@bulk/queue/turns/turn";
import { openTurnQueue } from "@bulk/queue/turns/turn-queue";
import { creationConfig } from "@bulk/service/config/creation-config";
import { readConfig } from "@bulk/service/config/read-config";
import { type LeftOver, retryBulkAction } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { BulkActionKey, BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import { knownActions } from "../known-actions.ts";
import type { Session } from "../session.ts";

/**
 * Submits a bulk action over the ids that another one left, by the rules of the API, its limit on open ones included.
 * Throws the same refusals.
 *
 * @returns the id of the new bulk action
 */
export async function retryAsOperator(
  { database, engines }: Session,
  { accountId, id }: BulkActionKey,
  taking: LeftOver,
): Promise<string> {
  const config = readConfig(creationConfig, process.env);
  await admitRetry({ accountId, id }, { database, registry: knownActions() });
  const creation = await retryBulkAction(database, {
    accountId,
    createdByTokenId: undefined,
    maxOpen: config.MAX_OPEN_ACTIONS,
    idempotencyKey: undefined,
    id,
    taking,
    returning: "without_ids",
    chunkSize: config.CHUNK_SIZE,
  });
  if (creation.kind === "replayed") return creation.id;
  await nudge(engines, creation.bulkAction, config);
  return creation.bulkAction.id;
}

async function nudge(
  { queue: engine }: Session["engines"],
  bulkAction: BulkActionProgress,
  { CHUNK_SIZE, WINDOW }: { readonly CHUNK_SIZE: number; readonly WINDOW: number },
): Promise<void> {
  const queue = openTurnQueue({ engine, deadlineMs: 2_000, onError: () => undefined });
  try {
    await queue.addTurns(turnsOfCreated(bulkAction, { chunkSize: CHUNK_SIZE, window: WINDOW }));
  } catch {
    console.error("The queue does not respond. A worker's sweeper will start the bulk action.");
  } finally {
    await queue.close();
  }
}
