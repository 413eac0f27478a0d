import { isOpening, type NewTurn } from "@bulk/queue/turns/turn";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import type { Gate } from "./process.ts";

/** A turn in the queue. */
export type QueuedTurn = NewTurn & {
  /** It descends from a turn that was given out twice, so its lane has a twin. */
  readonly isTwin: boolean;
};

/** Opening turns before others, each kind first in, first out, in memory: the test decides when a turn is taken, and when all are lost. */
export type FifoQueue = {
  add(turns: readonly QueuedTurn[]): void;
  take(): QueuedTurn | undefined;
  /** Waiting and delayed. */
  all(): readonly QueuedTurn[];
  hasWaiting(): boolean;
  lose(): void;
  /** Makes every turn older; those whose delay is over wait from now on. */
  passTime(ms: number): void;
};

export function createFifoQueue(): FifoQueue {
  let waiting: readonly QueuedTurn[] = [];
  let delayed: readonly QueuedTurn[] = [];
  return {
    add(turns) {
      waiting = [...waiting, ...turns.filter((turn) => turn.delayMs === 0)];
      delayed = [...delayed, ...turns.filter((turn) => turn.delayMs > 0)];
    },
    take() {
      const first = waiting.find(isOpening) ?? waiting[0];
      waiting = waiting.filter((turn) => turn !== first);
      return first;
    },
    all: () => [...waiting, ...delayed],
    hasWaiting: () => waiting.length > 0,
    lose() {
      waiting = [];
      delayed = [];
    },
    passTime(ms) {
      const age = (turn: QueuedTurn) => ({ ...turn, enqueuedAt: new Date(turn.enqueuedAt.getTime() - ms) });
      const [due = [], early = []] = [true, false].map((isDue) =>
        delayed.map(age).filter((turn) => turn.delayMs <= ms === isDue),
      );
      waiting = [...waiting.map(age), ...due];
      delayed = early.map((turn) => ({ ...turn, delayMs: turn.delayMs - ms }));
    },
  };
}

/** The queue as one process sees it. */
export function gateQueue(
  queue: FifoQueue,
  gate: Gate,
  { isTwin, onAdded }: { readonly isTwin: boolean; onAdded(): void },
): Pick<TurnQueue, "addTurns" | "isDrained"> {
  return {
    async addTurns(turns) {
      await gate.stand(`add ${turns.length} to the queue`);
      queue.add(turns.map((turn) => ({ ...turn, isTwin })));
      onAdded();
      gate.assertAlive();
    },
    async isDrained() {
      await gate.stand("ask whether the queue is drained");
      gate.assertAlive();
      return !queue.hasWaiting();
    },
  };
}
