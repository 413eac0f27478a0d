/*
 * The connections to PostgreSQL that queues open where they are in the database. The pools are opened with these
 * numbers, and `pnpm admin doctor` adds them up.
 */

/** The pool of the producer side of one queue. */
export const PRODUCER_POOL_SIZE = 4;

/** The pool of a worker that sends webhooks. Its jobs wait for receivers, rarely for the queue. */
export const WEBHOOK_WORKER_POOL_SIZE = 4;

/** Returns the pool size of a worker with this many concurrent turns: one each, one for fetching, one for listening. */
export function turnWorkerPoolSize(concurrency: number): number {
  return concurrency + 2;
}
