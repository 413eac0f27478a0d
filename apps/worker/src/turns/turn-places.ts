import { isOpening } from "@bulk/queue/turns/turn";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";
import { withinOr } from "@bulk/service/timing/deadline";

/** The places of a process, one for each turn that it runs at once. First turns need none. */
export type TurnPlaces = {
  /**
   * Runs a turn. The first turn of a bulk action begins at once. Any other waits for a free place, and calls `stillWaiting`,
   * which must not throw, again and again until then.
   */
  during<T>(
    turn: Pick<TakenTurn, "lane" | "turn">,
    run: () => Promise<T>,
    stillWaiting: StillWaiting,
  ): Promise<T>;
  /** Whether there are more turns here than places. If not, the queue has none that waits. */
  isCrowded(): boolean;
};

type StillWaiting = () => Promise<unknown>;

/**
 * Creates the places of a process that takes one turn more from the queue than it has places. While they are not crowded,
 * such a process still asks the queue for a turn.
 *
 * @param noticeMs time between two calls of `stillWaiting`
 */
export function createTurnPlaces(count: number, noticeMs: number): TurnPlaces {
  let present = 0;
  let running = 0;
  const waiting = new Set<(isGiven: true) => void>();
  async function waitForPlace(stillWaiting: StillWaiting): Promise<void> {
    const { promise: given, resolve } = Promise.withResolvers<true>();
    waiting.add(resolve);
    while (!(await withinOr(noticeMs, given, false))) await stillWaiting();
  }
  function leavePlace(): void {
    running -= 1;
    const [next] = waiting;
    if (next === undefined || running >= count) return;
    // Taken for the one who waits, before anybody else can.
    running += 1;
    waiting.delete(next);
    next(true);
  }
  return {
    isCrowded: () => present > count,
    async during(turn, run, stillWaiting) {
      present += 1;
      if (running < count || isOpening(turn)) running += 1;
      else await waitForPlace(stillWaiting);
      try {
        return await run();
      } finally {
        leavePlace();
        present -= 1;
      }
    },
  };
}
