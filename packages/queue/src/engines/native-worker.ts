import { setTimeout } from "node:timers/promises";
import { withinOr } from "@bulk/service/timing/deadline";
import { createPostgresBackend, type IQueueBackend, type Job, Worker, type WorkerOptions } from "bullmq";
import { connectPostgres, connectRedis, type QueueEngine, REDIS_PREFIX } from "./connection.ts";

/** What a running job may learn of its queue. */
export type JobSignals = {
  /** Aborted when the worker is to stop. */
  readonly stopping: AbortSignal;
  /** Aborted when the queue gave the job to another worker. */
  readonly lost: AbortSignal;
  /**
   * Returns whether a job of this queue can never run again: it has completed, or is gone. Gives one that is running 5 s
   * to complete, unless the worker stops.
   */
  readonly isOver: (jobId: string) => Promise<boolean>;
};

export type NativeWorkerOptions = {
  readonly queueName: string;
  readonly engine: QueueEngine;
  /** How many jobs this process runs at once. */
  readonly concurrency: number;
  /** The number of connections when the queue is in the database. */
  readonly poolSize: number;
  readonly retention: Pick<WorkerOptions, "removeOnComplete" | "removeOnFail">;
  readonly runJob: (job: Job, signals: JobSignals) => Promise<unknown>;
  /** Called with the return value when a job has left the queue and its id is free again. */
  readonly onCompleted?: (job: Job, returned: unknown) => void;
  readonly onError: (error: Error) => void;
};

export type StoppableWorker = {
  /**
   * Takes no further job, aborts `stopping`, and waits for the running jobs, no longer than the deadline. Returns whether
   * all have ended. Also works while the queue is down.
   */
  stop(deadlineMs: number): Promise<boolean>;
};

/** Starts running the jobs of a queue on the configured engine. */
export function startNativeWorker(options: NativeWorkerOptions): StoppableWorker {
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  // BullMQ passes the signal only to a processor that declares three parameters.
  async function processJob(job: Job, _token: string | undefined, signal: AbortSignal | undefined) {
    const signals = { stopping: stopping.signal, lost: signal ?? new AbortController().signal, isOver };
    const work = options.runJob(job, signals);
    const settled = work.catch(() => undefined);
    running.add(settled);
    settled.finally(() => running.delete(settled));
    return await work;
  }
  const { worker, disconnect } = openNative(options, processJob);
  async function isOver(jobId: string): Promise<boolean> {
    const endsAt = performance.now() + 5_000;
    while (true) {
      const state = await worker.getBackend().getState(jobId);
      if (state === "completed" || state === "unknown") return true;
      if (state !== "active" || stopping.signal.aborted || performance.now() > endsAt) return false;
      await setTimeout(50);
    }
  }
  worker.on("error", options.onError);
  worker.on("completed", (job, returned) => options.onCompleted?.(job, returned));
  // Without this, one lost lock was seen to run one job seven times in one worker.
  worker.on("lockRenewalFailed", (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, "lock lost");
  });
  return {
    async stop(deadlineMs) {
      const endsAt = performance.now() + deadlineMs;
      stopping.abort();
      // close() stops fetching at once, but never resolves while Redis is down.
      const closed = worker.close();
      const hasEnded = await hasSettledWithin(deadlineMs, Promise.all(running));
      await hasSettledWithin(Math.min(2_000, Math.max(0, endsAt - performance.now())), closed);
      // A pool ends only once nobody uses a connection of it.
      await hasSettledWithin(1_000, disconnect());
      return hasEnded;
    },
  };
}

function openNative(
  { queueName, engine, concurrency, poolSize, retention, onError }: NativeWorkerOptions,
  processJob: (job: Job, token: string | undefined, signal: AbortSignal | undefined) => Promise<unknown>,
): { readonly worker: NativeWorker; readonly disconnect: () => Promise<void> } {
  const options = {
    concurrency,
    // Another worker takes over a killed worker's job after 15 to 20 s (BullMQ's defaults: 59 s); the sweeper is faster.
    lockDuration: 15_000,
    stalledInterval: 5_000,
    maxStalledCount: 5,
    // By default BullMQ waits for 15 s after it lost its connection.
    runRetryDelay: 1_000,
    ...retention,
  } satisfies Partial<WorkerOptions>;
  if (engine.redis === undefined) {
    const pool = connectPostgres(engine.databaseUrl, poolSize, onError);
    const worker = new Worker(queueName, processJob, { ...options, connection: pool }, createPostgresBackend);
    return { worker, disconnect: () => pool.end() };
  }
  const redis = connectRedis(engine.redis, "worker", onError);
  const worker = new Worker(queueName, processJob, { ...options, connection: redis, prefix: REDIS_PREFIX });
  return {
    worker,
    async disconnect() {
      redis.disconnect();
    },
  };
}

type NativeWorker = Pick<Worker, "cancelJob" | "close"> & {
  getBackend(): Pick<IQueueBackend, "getState">;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "completed", listener: (job: Job, returned: unknown) => void): unknown;
  on(event: "lockRenewalFailed", listener: (jobIds: string[]) => void): unknown;
};

async function hasSettledWithin(deadlineMs: number, work: Promise<unknown>): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  return await withinOr(deadlineMs, settled, false);
}
