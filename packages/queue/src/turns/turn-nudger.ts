import { setTimeout as wait } from "node:timers/promises";
import { beginSending, type Sending, sendTurns } from "./send-turns.ts";
import type { NewTurn } from "./turn.ts";
import type { TurnQueue } from "./turn-queue.ts";

/** Adds turns in the background. */
export type TurnNudger = {
  /** Adds these turns soon. Returns at once, whatever the state of the queue. */
  nudge(turns: readonly NewTurn[]): void;
  /** Resolves when no turn is being sent any more. */
  settled(): Promise<void>;
};

/**
 * Creates a nudger. Turns that arrive during a call to the queue, or within 5 ms after its start, are added together by the
 * next call, so many callers at once cost few round trips. `onLost` gets the turns that the queue did not accept.
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
      const sent = sendTurns(queue, sendings).catch((error: unknown) => {
        onLost(
          error,
          sendings.flatMap(({ turns }) => turns),
        );
      });
      await Promise.all([sent, wait(GATHER_MS)]);
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

/** A call for each of 2,000 turns a second would take a twelfth of the API's processor time. */
const GATHER_MS = 5;
