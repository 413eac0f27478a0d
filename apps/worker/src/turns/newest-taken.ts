import { isOpening } from "@bulk/queue/turns/turn";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";

/** Records the newest turn that this process took, which tells how far the queue has been processed. */
export type NewestTaken = {
  note(turn: Pick<TakenTurn, "lane" | "turn" | "enqueuedAt" | "delayMs">): void;
  /**
   * Returns when the newest turn was enqueued; `undefined` before the first. A time after `now`, of the database's clock,
   * is dropped: the job was forged, or the clock was set back.
   */
  enqueuedBefore(now: Date): Date | undefined;
};

/** Creates a record without turns. */
export function createNewestTaken(): NewestTaken {
  let newest: Date | undefined;
  return {
    note(turn) {
      // An opening turn overtakes others and a delayed one falls behind, so neither tells how far the queue is.
      if (isOpening(turn) || turn.delayMs > 0) return;
      if (newest === undefined || turn.enqueuedAt > newest) newest = turn.enqueuedAt;
    },
    enqueuedBefore(now) {
      if (newest !== undefined && newest > now) newest = undefined;
      return newest;
    },
  };
}
