import { createPostgresBackend, type Job, Worker, type WorkerOptions } from "bullmq";
import { connectPostgres, connectRedis, type QueueEngine, REDIS_PREFIX } from "./connection.ts";

/** What a running job may look at. */
export type JobSignals = {
  /** Aborted when the worker is to stop. */
  readonly stopping: AbortSignal;
  /** Aborted when the queue gave the job to somebody else. */
  readonly lost: AbortSignal;
};

export type NativeWorkerOptions = {
  readonly queueName: string;
  readonly engine: QueueEngine;
  /** How many jobs this process runs at once. */
  readonly concurrency: number;
  /** Connections, where the queue is in the database. */
  readonly poolSize: number;
  readonly retention: Pick<WorkerOptions, "removeOnComplete" | "removeOnFail">;
  readonly runJob: (job: Job, signals: JobSignals) => Promise<unknown>;
  /** Called when a job has left the queue, with what it returned; its id is free again. */
  readonly onCompleted?: (job: Job, returned: unknown) => void;
  readonly onError: (error: Error) => void;
};

export type StoppableWorker = {
  /**
   * Takes no further job, tells the running ones to end, waits for them. Gives up after the deadline; answers
   * whether all had ended. Also works while the queue is away.
   */
  stop(deadlineMs: number): Promise<boolean>;
};

/** Starts running jobs from whichever engine is configured. */
export function startNativeWorker(options: NativeWorkerOptions): StoppableWorker {
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  // BullMQ passes the signal only to a processor that declares three parameters.
  async function processJob(job: Job, _token: string | undefined, signal: AbortSignal | undefined) {
    const signals = { stopping: stopping.signal, lost: signal ?? new AbortController().signal };
    const work = options.runJob(job, signals);
    const settled = work.catch(() => undefined);
    running.add(settled);
    settled.finally(() => running.delete(settled));
    return await work;
  }
  const { worker, disconnect } = openNative(options, processJob);
  worker.on("error", options.onError);
  worker.on("completed", (job, returned) => options.onCompleted?.(job, returned));
  // Without this, one lost lock was seen to run one job seven times in one worker.
  worker.on("lockRenewalFailed", (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, "lock lost");
  });
  return {
    async stop(deadlineMs) {
      const deadline = AbortSignal.timeout(deadlineMs);
      stopping.abort();
      // close() stops fetching at once, but never resolves while Redis is away.
      const closed = worker.close();
      const hasEnded = await beforeAbort(deadline, Promise.all(running));
      await beforeAbort(AbortSignal.any([deadline, AbortSignal.timeout(2_000)]), closed);
      // A pool ends only when nobody has a connection of it any more.
      await beforeAbort(AbortSignal.timeout(1_000), disconnect());
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
    // A killed worker's job is taken over after 15 to 20 s (BullMQ's defaults: 59 s); the sweeper is faster.
    lockDuration: 15_000,
    stalledInterval: 5_000,
    maxStalledCount: 5,
    // After a lost connection BullMQ would rest for 15 s.
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
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "completed", listener: (job: Job, returned: unknown) => void): unknown;
  on(event: "lockRenewalFailed", listener: (jobIds: string[]) => void): unknown;
};

async function beforeAbort(signal: AbortSignal, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  signal.addEventListener("abort", () => resolve(false), { once: true });
  if (signal.aborted) resolve(false);
  work.then(
    () => resolve(true),
    () => resolve(true),
  );
  return await promise;
}
