import { createPostgresBackend, Queue } from "bullmq";
import { connectPostgres, connectRedis, QUEUE_NAME, type QueueEngine, REDIS_PREFIX } from "./connection.ts";
import { isOpening, type NewTurn } from "./turn.ts";

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
  /** Whether every turn that was ever added has been started. Throws after the deadline. */
  isDrained(): Promise<boolean>;
  /** Ends the connections; gives up waiting after the deadline. */
  close(): Promise<void>;
};

export type TurnQueueOptions = {
  readonly engine: QueueEngine;
  /** How long one call may take. BullMQ itself waits without end for a Redis that is away. */
  readonly deadlineMs: number;
  readonly onError: (error: Error) => void;
};

/** Opens the producer's side on whichever engine is configured. Answers at once, connected or not. */
export function openTurnQueue({ engine, deadlineMs, onError }: TurnQueueOptions): TurnQueue {
  const { queue, disconnect } = openNative(engine, onError);
  queue.on("error", onError);
  return {
    native: queue,
    async addTurns(turns) {
      await within(deadlineMs, queue.addBulk(turns.map(toJob)));
    },
    async isDrained() {
      const waiting = await within(deadlineMs, queue.getJobCounts("waiting", "prioritized"));
      return Object.values(waiting).every((count) => count === 0);
    },
    async close() {
      await within(deadlineMs, queue.close()).catch(onError);
      await disconnect();
    },
  };
}

function openNative(
  engine: QueueEngine,
  onError: (error: Error) => void,
): { readonly queue: Queue; readonly disconnect: () => Promise<void> } {
  if (engine.redisUrl === undefined) {
    const pool = connectPostgres(engine.databaseUrl, 4, onError);
    const queue: unknown = new Queue(QUEUE_NAME, { connection: pool }, createPostgresBackend);
    // BullMQ's types name the backend in the class; what is used of it, here and by Bull Board, is the same.
    return { queue: queue as Queue, disconnect: () => pool.end() };
  }
  const redis = connectRedis(engine.redisUrl, "producer", onError);
  const queue = new Queue(QUEUE_NAME, { connection: redis, prefix: REDIS_PREFIX });
  return {
    queue,
    async disconnect() {
      redis.disconnect();
    },
  };
}

/*
 * The id makes a turn unique: a worker that died between adding a lane's next turn and finishing its own is
 * taken over by one that adds the same turn again, and BullMQ ignores an id it has. Without it the bulk action
 * would have one lane more than its window from then on.
 */
function toJob({ actionType, enqueuedAt, delayMs, ...data }: NewTurn) {
  const { bulkActionId, generation, lane, turn } = data;
  const jobId = `${bulkActionId}-${generation}-${lane}-${turn}`;
  const opts = { jobId, timestamp: enqueuedAt.getTime(), delay: delayMs, priority: priority(data) };
  return { name: actionType, data, opts };
}

// BullMQ takes jobs without a priority (0) first, then priority 1; each kind first in, first out.
function priority(turn: Pick<NewTurn, "lane" | "turn">): number {
  return isOpening(turn) ? 0 : 1;
}

async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`The queue did not answer within ${deadlineMs} ms.`));
  }, deadlineMs);
  // Whatever comes after the deadline is nobody's business any more.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
