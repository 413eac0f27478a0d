import { isOpening } from "@bulk/queue/turn";
import type { TakenTurn } from "@bulk/queue/turn-worker";

/** Remembers how far the queue has been worked off by this process. */
export type NewestTaken = {
  note(turn: Pick<TakenTurn, "lane" | "turn" | "enqueuedAt" | "delayMs">): void;
  /**
   * When the newest turn that was taken was enqueued; `undefined` before the first. One from after `now`, the database's
   * clock, is forgotten: somebody made it up, or the clock was set back.
   */
  enqueuedBefore(now: Date): Date | undefined;
};

export function createNewestTaken(): NewestTaken {
  let newest: Date | undefined;
  return {
    note(turn) {
      // An opening turn gets ahead and a delayed one stays behind: that it was taken tells nothing about the others.
      if (isOpening(turn) || turn.delayMs > 0) return;
      if (newest === undefined || turn.enqueuedAt > newest) newest = turn.enqueuedAt;
    },
    enqueuedBefore(now) {
      if (newest !== undefined && newest > now) newest = undefined;
      return newest;
    },
  };
}
