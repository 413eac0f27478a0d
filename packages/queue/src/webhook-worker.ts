import type { Job } from "bullmq";
import { type QueueEngine, WEBHOOK_QUEUE } from "./connection.ts";
import { type StoppableWorker, startNativeWorker } from "./native-worker.ts";
import type { EndpointJob } from "./webhook-queue.ts";

/** How looking after an endpoint ended: nothing left that could be done now, or time to let others. */
export type WebhookEnding = "idle" | "more";

export type WebhookWorkerOptions = {
  readonly engine: QueueEngine;
  /** How many endpoints this process looks after at once. */
  readonly concurrency: number;
  readonly deliver: (endpoint: EndpointJob, stopping: AbortSignal) => Promise<WebhookEnding>;
  /** There is more to do for this endpoint, and its job is gone. */
  readonly onMore: (endpoint: EndpointJob) => void;
  readonly onError: (error: Error) => void;
};

/** Starts looking after endpoints. An endpoint is looked after by one worker at a time. */
export function startWebhookWorker(options: WebhookWorkerOptions): StoppableWorker {
  const { engine, concurrency, deliver, onMore, onError } = options;
  return startNativeWorker({
    ...{ queueName: WEBHOOK_QUEUE, engine, concurrency, onError },
    // Its jobs wait for receivers, hardly ever for the queue.
    poolSize: 4,
    // A job that stayed would keep its endpoint from being added again; the log of deliveries is elsewhere.
    retention: { removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } },
    runJob: (job, { stopping, lost }) => deliver(readJob(job), AbortSignal.any([stopping, lost])),
    onCompleted(job, returned) {
      if (returned === "more") onMore(readJob(job));
    },
  });
}

// One that an older version added names no account; it then has a share of its own.
function readJob({ id = "", data }: Pick<Job, "id" | "data">): EndpointJob {
  const { accountId, rank } = { ...data };
  return {
    id,
    accountId: typeof accountId === "string" ? accountId : id,
    rank: Number.isInteger(rank) && rank > 0 ? rank : 1,
  };
}
