/**
 * Lets one turn of this process through at a time. One more may wait, so that the next is there when the first ends; all
 * others leave their places to turns that have something to do. Turns that open a bulk action may all wait, and go first.
 */
export type Turnstile = {
  /** Resolves with true when the caller is through; with false when the place to wait is taken, or the signal aborts. */
  enter(isOpening: boolean, signal: AbortSignal): Promise<boolean>;
  /** Lets the next one through. Whoever got through must call this once. */
  leave(): void;
  /** Whether another turn waits; `opening`: one that opens a bulk action. */
  waiting(): "none" | "some" | "opening";
};

type Waiting = { readonly isOpening: boolean; letThrough(): void };

/** Creates a turnstile that nobody is in. */
export function createTurnstile(): Turnstile {
  let isTaken = false;
  const queue: Waiting[] = [];
  function letNextThrough(): void {
    const opening = queue.findIndex(({ isOpening }) => isOpening);
    const [next] = queue.splice(Math.max(opening, 0), 1);
    isTaken = next !== undefined;
    next?.letThrough();
  }
  function waitInQueue(isOpening: boolean, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      function giveUp(): void {
        queue.splice(queue.indexOf(waiting), 1);
        resolve(false);
      }
      function letThrough(): void {
        signal.removeEventListener("abort", giveUp);
        resolve(true);
      }
      const waiting = { isOpening, letThrough };
      queue.push(waiting);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }
  return {
    async enter(isOpening, signal) {
      if (!isTaken) {
        isTaken = true;
        return true;
      }
      const isPlaceTaken = !isOpening && queue.some((waiting) => !waiting.isOpening);
      return !isPlaceTaken && !signal.aborted && (await waitInQueue(isOpening, signal));
    },
    leave: letNextThrough,
    waiting() {
      if (queue.some(({ isOpening }) => isOpening)) return "opening";
      return queue.length > 0 ? "some" : "none";
    },
  };
}
