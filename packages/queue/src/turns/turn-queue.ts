import { within } from "@bulk/service/timing/deadline";
import type { Queue } from "bullmq";
import { type QueueEngine, TURN_QUEUE } from "../engines/connection.ts";
import { type EvictionState, judgeEviction } from "../engines/eviction.ts";
import { examineWrites, type QueueState } from "../engines/examine-writes.ts";
import { openNativeQueue } from "../engines/native-queue.ts";
import { isOpening, jobIdOf, type NewTurn } from "./turn.ts";

/** The producer side of the queue of turns. */
export type TurnQueue = {
  /** BullMQ's own queue object, for Bull Board. */
  readonly native: Queue;
  /**
   * Adds turns at the back, in order. Opening turns run first and queue behind other opening turns. A turn that was added
   * before is ignored. Throws when the queue does not accept them within the deadline. It may still accept them later,
   * which does no harm: a surplus turn finds nothing to do.
   */
  addTurns(turns: readonly NewTurn[]): Promise<void>;
  /**
   * Returns whether every added turn has been started; `false` for a paused queue, whose turns nobody starts. Throws
   * after the deadline.
   */
  isDrained(): Promise<boolean>;
  /** Tries a harmless write to learn whether the engine accepts turns. Throws when it does not respond in time. */
  examineWrites(): Promise<QueueState>;
  /** Returns whether the engine keeps every job. Throws when Redis does not respond, or refuses the question. */
  examineEviction(): Promise<EvictionState>;
  /** Returns whether the queue is paused in Bull Board. Throws after the deadline. */
  isPaused(): Promise<boolean>;
  /** Closes the connections. Gives up after the deadline. */
  close(): Promise<void>;
};

export type TurnQueueOptions = {
  readonly engine: QueueEngine;
  /** How long one call may take. BullMQ itself waits without end while Redis is down. */
  readonly deadlineMs: number;
  readonly onError: (error: Error) => void;
  /** Called with the number of turns that a call could not add, before it throws. */
  readonly onNotAdded?: (turns: number) => void;
};

/** Opens the queue of turns on the configured engine. Returns at once, connected or not. */
export function openTurnQueue({ engine, deadlineMs, onError, onNotAdded }: TurnQueueOptions): TurnQueue {
  const { queue, readMemoryInfo, tryWrite, close } = openNativeQueue(TURN_QUEUE, engine, onError);
  return {
    native: queue,
    async addTurns(turns) {
      await within(deadlineMs, queue.addBulk(turns.map(toJob))).catch((error: unknown) => {
        onNotAdded?.(turns.length);
        throw error;
      });
    },
    async isDrained() {
      const counts = Promise.all([queue.getJobCounts("waiting", "prioritized"), queue.isPaused()]);
      const [waiting, isPaused] = await within(deadlineMs, counts);
      // On PostgreSQL, BullMQ does not count the jobs of a paused queue as waiting.
      return !isPaused && Object.values(waiting).every((count) => count === 0);
    },
    examineWrites: () => examineWrites(() => within(deadlineMs, tryWrite())),
    async examineEviction() {
      return judgeEviction(await within(deadlineMs, readMemoryInfo()));
    },
    isPaused: () => within(deadlineMs, queue.isPaused()),
    close: () => close(deadlineMs),
  };
}

/*
 * The id makes a turn unique. When a worker dies between adding a lane's next turn and finishing its own, another worker
 * takes its job over and adds the same turn again. BullMQ ignores an id that it has. Without that, the bulk action would
 * have one lane more than its window from then on.
 * BullMQ compares the timestamp of a delayed turn with the clock of the worker that looks for due ones, mostly the same
 * process. With the database's time, the turn would wait an hour too long on a worker whose clock is an hour behind.
 */
function toJob({ actionType, enqueuedAt, delayMs, trace, ...data }: NewTurn) {
  const jobId = jobIdOf(data);
  const timestamp = delayMs > 0 ? Date.now() : enqueuedAt.getTime();
  const opts = { jobId, timestamp, delay: delayMs, priority: priority(data) };
  return { name: actionType, data, opts: { ...opts, ...(trace && { telemetry: { metadata: trace } }) } };
}

// BullMQ runs jobs without a priority (0) first, then priority 1, each first in, first out.
function priority(turn: Pick<NewTurn, "lane" | "turn">): number {
  return isOpening(turn) ? 0 : 1;
}
