import type { Queue } from "bullmq";
import { type QueueEngine, TURN_QUEUE } from "./connection.ts";
import { type EvictionState, judgeEviction } from "./eviction.ts";
import { examineWrites, type QueueState } from "./examine-writes.ts";
import { openNativeQueue } from "./native-queue.ts";
import { isOpening, type NewTurn } from "./turn.ts";
import { within } from "./within.ts";

/** The producer's side of the queue. */
export type TurnQueue = {
  /** BullMQ's own object, for Bull Board. */
  readonly native: Queue;
  /**
   * Adds turns at the back, in order: opening turns behind the other opening ones, which are taken first.
   * A turn that was added before is ignored. Throws when the queue did not take them within the deadline;
   * it may still take them later, which costs nothing: a turn too many finds nothing to do.
   */
  addTurns(turns: readonly NewTurn[]): Promise<void>;
  /**
   * Whether every turn that was ever added has been started. Not so of a paused queue, from which nobody takes any.
   * Throws after the deadline.
   */
  isDrained(): Promise<boolean>;
  /** Whether the engine takes turns: tries a write that costs nothing. Throws when it does not answer in time. */
  examineWrites(): Promise<QueueState>;
  /** Whether the engine keeps what it is given. Throws when Redis does not answer, or refuses to tell. */
  examineEviction(): Promise<EvictionState>;
  /** Whether no turn is taken because somebody paused the queue in Bull Board. Throws after the deadline. */
  isPaused(): Promise<boolean>;
  /** Ends the connections; gives up waiting after the deadline. */
  close(): Promise<void>;
};

export type TurnQueueOptions = {
  readonly engine: QueueEngine;
  /** How long one call may take. BullMQ itself waits without end for a Redis that is away. */
  readonly deadlineMs: number;
  readonly onError: (error: Error) => void;
  /** Hears how many turns a call could not add, before it throws. */
  readonly onNotAdded?: (turns: number) => void;
};

/** Opens the producer's side on whichever engine is configured. Answers at once, connected or not. */
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
      const answers = Promise.all([queue.getJobCounts("waiting", "prioritized"), queue.isPaused()]);
      const [waiting, isPaused] = await within(deadlineMs, answers);
      // On PostgreSQL, what waits in a paused queue is not counted as waiting.
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
 * The id makes a turn unique: a worker that died between adding a lane's next turn and finishing its own is
 * taken over by one that adds the same turn again, and BullMQ ignores an id it has. Without it the bulk action
 * would have one lane more than its window from then on.
 * A delayed turn is due by its timestamp and the clock of the worker that looks for due ones, mostly the same process:
 * by the database's clock, a worker that is an hour behind would let it wait for an hour.
 */
function toJob({ actionType, enqueuedAt, delayMs, trace, ...data }: NewTurn) {
  const { bulkActionId, generation, lane, turn } = data;
  const jobId = `${bulkActionId}-${generation}-${lane}-${turn}`;
  const timestamp = delayMs > 0 ? Date.now() : enqueuedAt.getTime();
  const opts = { jobId, timestamp, delay: delayMs, priority: priority(data) };
  return { name: actionType, data, opts: { ...opts, ...(trace && { telemetry: { metadata: trace } }) } };
}

// BullMQ takes jobs without a priority (0) first, then priority 1; each kind first in, first out.
function priority(turn: Pick<NewTurn, "lane" | "turn">): number {
  return isOpening(turn) ? 0 : 1;
}
