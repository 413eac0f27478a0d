/** Limits the share of the event loop's time that arriving bodies take. */
export type Pace = {
  /** Records time that bodies took. */
  book(ms: number): void;
  /**
   * Queues a body that has taken `takenMs` so far, and calls `goOn` when it may continue. The body that has taken least
   * goes first. Returns a function that removes it from the queue.
   */
  rest(takenMs: number, goOn: () => void): () => void;
};

export type PaceOptions = {
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number;
  readonly callAfter?: (ms: number, call: () => void) => void;
};

/** After each millisecond for bodies, other work gets three. */
const REST_TIMES = 4;

/** The minimum time between two bodies: the time of the first is recorded only when it is queued again. */
const LEAST_STEP_MS = 1;

/**
 * Creates a limiter that gives arriving bodies a quarter of the event loop's time in total. Bodies in a few large
 * pieces go ahead of those in many small ones.
 */
export function createPace({
  now = () => performance.now(),
  callAfter = (ms, call) => void setTimeout(call, ms),
}: PaceOptions = {}): Pace {
  const resting = new Map<() => void, number>();
  let freeAt = 0;
  let isAwaiting = false;
  function awaitNext(): void {
    if (isAwaiting || resting.size === 0) return;
    isAwaiting = true;
    callAfter(Math.max(0, freeAt - now()), serve);
  }
  function serve(): void {
    isAwaiting = false;
    const goOn = freeAt <= now() ? findCheapest(resting) : undefined;
    if (goOn !== undefined) {
      resting.delete(goOn);
      freeAt = now() + LEAST_STEP_MS;
      goOn();
    }
    awaitNext();
  }
  return {
    book(ms) {
      freeAt = Math.max(freeAt, now()) + REST_TIMES * ms;
    },
    rest(takenMs, goOn) {
      resting.set(goOn, takenMs);
      awaitNext();
      return () => resting.delete(goOn);
    },
  };
}

function findCheapest(resting: ReadonlyMap<() => void, number>): (() => void) | undefined {
  let cheapest: (() => void) | undefined;
  let least = Infinity;
  for (const [goOn, takenMs] of resting) if (takenMs < least) [cheapest, least] = [goOn, takenMs];
  return cheapest;
}
