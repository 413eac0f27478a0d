import { turnsOfCreated } from "@bulk/queue/turns/turn";
import { openTurnQueue } from "@bulk/queue/turns/turn-queue";
import type { BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import type { Session } from "../session.ts";

/** Adds the first turns of a new bulk action to the queue. If it does not respond, that is left to the sweeper. */
export async function nudge(
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
