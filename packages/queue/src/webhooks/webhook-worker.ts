import type { Job } from "bullmq";
import { type QueueEngine, WEBHOOK_QUEUE } from "../engines/connection.ts";
import { type StoppableWorker, startNativeWorker } from "../engines/native-worker.ts";
import { WEBHOOK_WORKER_POOL_SIZE } from "../engines/pool-sizes.ts";
import type { EndpointJob } from "./webhook-queue.ts";

/** How a job ended: `idle`, nothing to do now; `more`, its time was up with deliveries left. */
export type WebhookEnding = "idle" | "more";

export type WebhookWorkerOptions = {
  readonly engine: QueueEngine;
  /** How many endpoints this process serves at once. */
  readonly concurrency: number;
  readonly deliver: (endpoint: EndpointJob, stopping: AbortSignal) => Promise<WebhookEnding>;
  /** Called when an endpoint has more due deliveries and its job has left the queue. */
  readonly onMore: (endpoint: EndpointJob) => void;
  readonly onError: (error: Error) => void;
};

/** Starts serving endpoints. Each endpoint is served by one worker at a time. */
export function startWebhookWorker(options: WebhookWorkerOptions): StoppableWorker {
  const { engine, concurrency, deliver, onMore, onError } = options;
  return startNativeWorker({
    queueName: WEBHOOK_QUEUE,
    engine,
    concurrency,
    onError,
    poolSize: WEBHOOK_WORKER_POOL_SIZE,
    // A job that stays would prevent its endpoint from being added again. The log of deliveries is in the database.
    retention: { removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } },
    runJob: (job, { stopping, lost }) => deliver(readJob(job), AbortSignal.any([stopping, lost])),
    onCompleted(job, returned) {
      if (returned === "more") onMore(readJob(job));
    },
  });
}

// A job of an older version has no account. The endpoint then counts as an account of its own.
function readJob({ id = "", data }: Pick<Job, "id" | "data">): EndpointJob {
  const { accountId, rank } = { ...data };
  return {
    id,
    accountId: typeof accountId === "string" ? accountId : id,
    rank: Number.isInteger(rank) && rank > 0 ? rank : 1,
  };
}
