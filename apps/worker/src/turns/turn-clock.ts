/** How long turns last. */
export type TurnTimes = {
  /** How long a turn works while others wait. */
  readonly turnMs: number;
  /** How long it works, if that is longer, while nobody waits. */
  readonly aloneMs: number;
  /** How long it works without marking the activity of its bulk action. */
  readonly markMs: number;
  /** Whether other turns wait. */
  readonly isCrowded: () => boolean;
};

/**
 * How long a turn works that nobody waits for. Long enough that the way through the queue costs next to nothing, and short
 * enough that a pause in Bull Board, or another worker with free places, does not wait long.
 */
export const ALONE_MS = 2_000;

/** How often turns mark the activity of their bulk action: far more often than the sweeper's margin. */
export const MARK_MS = 500;

/** The time of one turn. */
export type TurnClock = {
  isOver(): boolean;
  /** Returns whether a mark is due, and counts the time to the next one from now on if so. */
  takeMark(): boolean;
  lastedMs(): number;
};

/** Starts the clock of a turn. */
export function startTurnClock(
  { turnMs, aloneMs, markMs, isCrowded }: TurnTimes,
  now: () => number = () => performance.now(),
): TurnClock {
  const startedAt = now();
  let markedAt = startedAt;
  const lastedMs = () => now() - startedAt;
  return {
    lastedMs,
    isOver: () => lastedMs() >= (isCrowded() ? turnMs : Math.max(turnMs, aloneMs)),
    takeMark() {
      if (now() - markedAt < markMs) return false;
      markedAt = now();
      return true;
    },
  };
}
