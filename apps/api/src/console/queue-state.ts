import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import { keepFresh } from "@bulk/service/timing/keep-fresh";

/** `unknown`: the queue does not respond. */
export type QueueState = "running" | "paused" | "unknown";

/** Returns what the queue of turns does, asked once for all pages of about a second. */
export type ReadQueueState = () => Promise<QueueState>;

const FRESH_MS = 900;

export function openQueueState(turns: Pick<TurnQueue, "isPaused">): ReadQueueState {
  return keepFresh(FRESH_MS, async (): Promise<QueueState> => {
    const isPaused = await turns.isPaused().catch(() => undefined);
    if (isPaused === undefined) return "unknown";
    return isPaused ? "paused" : "running";
  }).value;
}
