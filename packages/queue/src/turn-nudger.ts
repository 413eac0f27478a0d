import { beginSending, type Sending, sendTurns } from "./send-turns.ts";
import type { NewTurn } from "./turn.ts";
import type { TurnQueue } from "./turn-queue.ts";

/** Adds turns for those who do not wait for the queue. */
export type TurnNudger = {
  /** Sees to it that these turns are added soon. Answers at once, whatever state the queue is in. */
  nudge(turns: readonly NewTurn[]): void;
  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void>;
};

/**
 * What comes while turns are on their way is added together after them, so many callers at once cost few
 * round trips. `onLost` hears of turns that the queue did not take.
 */
export function createTurnNudger(
  queue: Pick<TurnQueue, "addTurns">,
  onLost: (error: unknown, turns: readonly NewTurn[]) => void,
): TurnNudger {
  let waiting: Sending[] = [];
  let sending: Promise<void> | undefined;
  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const sendings = waiting;
      waiting = [];
      await sendTurns(queue, sendings).catch((error: unknown) => {
        onLost(
          error,
          sendings.flatMap(({ turns }) => turns),
        );
      });
    }
    sending = undefined;
  }
  return {
    nudge(turns) {
      waiting.push(beginSending(turns));
      sending ??= sendAll();
    },
    async settled() {
      await sending;
    },
  };
}
