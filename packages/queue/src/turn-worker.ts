import { createPostgresBackend, type Job, Worker, type WorkerOptions } from "bullmq";
import { connectPostgres, connectRedis, QUEUE_NAME, type QueueEngine, REDIS_PREFIX } from "./connection.ts";
import { parseTurn, type Turn } from "./turn.ts";

/** A turn in a worker's hands. */
export type TakenTurn = Turn & {
  readonly actionType: string;
  readonly enqueuedAt: Date;
  /** Aborted when the worker is to stop: finish the current chunk, pass the lane on. */
  readonly stopping: AbortSignal;
  /** Aborted when the queue gave the job to somebody else, who has the lane now. */
  readonly lost: AbortSignal;
};

/** What a turn leaves for people who watch the queue. */
export type TurnReport = {
  /** Progress of the whole bulk action, 0 to 100, if the turn learned it. */
  readonly percent: number | undefined;
  /** The job's return value. */
  readonly summary: Readonly<Record<string, string | number>>;
};

export type TurnWorkerOptions = {
  readonly engine: QueueEngine;
  /** How many turns this process takes at once. */
  readonly concurrency: number;
  readonly takeTurn: (turn: TakenTurn) => Promise<TurnReport>;
  readonly onError: (error: Error) => void;
};

export type TurnWorker = {
  /**
   * Takes no further turn, asks the running ones to end after their current chunk, waits for them. Gives
   * up after the deadline; answers whether all had ended. Also works while the queue is away.
   */
  stop(deadlineMs: number): Promise<boolean>;
};

/** Starts taking turns from whichever engine is configured. */
export function startTurnWorker(options: TurnWorkerOptions): TurnWorker {
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  // BullMQ passes the signal only to a processor that declares three parameters.
  async function processJob(job: Job, _token: string | undefined, signal: AbortSignal | undefined) {
    const signals = { stopping: stopping.signal, lost: signal ?? new AbortController().signal };
    const work = runJob(job, signals, options.takeTurn);
    const settled = work.catch(() => undefined);
    running.add(settled);
    settled.finally(() => running.delete(settled));
    return await work;
  }
  const { worker, disconnect } = openNative(options, processJob);
  worker.on("error", options.onError);
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
      await disconnect();
      return hasEnded;
    },
  };
}

async function runJob(
  job: Job,
  signals: Pick<TakenTurn, "stopping" | "lost">,
  takeTurn: TurnWorkerOptions["takeTurn"],
): Promise<TurnReport["summary"]> {
  const { percent, summary } = await takeTurn({
    ...parseTurn(job.data),
    actionType: job.name,
    enqueuedAt: new Date(job.timestamp),
    ...signals,
  });
  if (percent !== undefined) await job.updateProgress(percent);
  return summary;
}

function openNative(
  { engine, concurrency, onError }: TurnWorkerOptions,
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
    removeOnComplete: { count: 1_000, age: 24 * 3600 },
    removeOnFail: { count: 1_000, age: 7 * 24 * 3600 },
  } satisfies Partial<WorkerOptions>;
  if (engine.redisUrl === undefined) {
    const pool = connectPostgres(engine.databaseUrl, concurrency + 2, onError);
    const worker = new Worker(
      QUEUE_NAME,
      processJob,
      { ...options, connection: pool },
      createPostgresBackend,
    );
    return { worker, disconnect: () => pool.end() };
  }
  const redis = connectRedis(engine.redisUrl, "worker", onError);
  const worker = new Worker(QUEUE_NAME, processJob, { ...options, connection: redis, prefix: REDIS_PREFIX });
  return {
    worker,
    async disconnect() {
      redis.disconnect();
    },
  };
}

type NativeWorker = Pick<Worker, "cancelJob" | "close"> & {
  on(event: "error", listener: (error: Error) => void): unknown;
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
