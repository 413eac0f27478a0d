import { type QueueEngine, WEBHOOK_QUEUE } from "./connection.ts";
import { type StoppableWorker, startNativeWorker } from "./native-worker.ts";

/** How looking after an endpoint ended: nothing left that could be done now, or time to let others. */
export type WebhookEnding = "idle" | "more";

export type WebhookWorkerOptions = {
  readonly engine: QueueEngine;
  /** How many endpoints this process looks after at once. */
  readonly concurrency: number;
  readonly deliver: (endpointId: string, stopping: AbortSignal) => Promise<WebhookEnding>;
  /** There is more to do for this endpoint, and its job is gone. */
  readonly onMore: (endpointId: string) => void;
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
    runJob: ({ id = "" }, { stopping, lost }) => deliver(id, AbortSignal.any([stopping, lost])),
    onCompleted({ id = "" }, returned) {
      if (returned === "more") onMore(id);
    },
  });
}
