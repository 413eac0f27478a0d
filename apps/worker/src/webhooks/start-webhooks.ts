import type { QueueEngine } from "@bulk/queue/engines/connection";
import { type EndpointJob, openWebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import { startWebhookWorker, type WebhookEnding } from "@bulk/queue/webhooks/webhook-worker";
import { every } from "@bulk/service/timing/every";
import { findDueEndpoints } from "@bulk/store/webhooks/find-due-endpoints";
import type { WorkerConfig } from "../config.ts";
import { type AccountShares, createAccountShares } from "./account-shares.ts";
import { deliverWebhooks, type WebhookTools } from "./deliver-webhooks.ts";

export type WebhookSender = {
  /** Waits for requests in flight, no longer than the deadline. */
  stop(deadlineMs: number): Promise<void>;
};

/** Most endpoints added to the queue at once. The next run adds the rest. */
const ENDPOINTS_AT_ONCE = 500;

/**
 * Starts sending due deliveries. The database knows which are due. The queue only distributes the endpoints over the
 * workers, so the next run adds again whatever it loses.
 */
export function startWebhooks(
  engine: QueueEngine,
  config: Pick<WorkerConfig, "WEBHOOK_CONCURRENCY" | "SWEEP_INTERVAL_MS">,
  tools: WebhookTools,
  onError: (error: unknown) => void,
): WebhookSender {
  const { database } = tools;
  const queue = openWebhookQueue({ engine, deadlineMs: 5_000, onError });
  const shares = createAccountShares(config.WEBHOOK_CONCURRENCY);
  function addAgain(endpoints: readonly EndpointJob[]): void {
    if (endpoints.length > 0) void queue.addEndpoints(endpoints).catch(onError);
  }
  const worker = startWebhookWorker({
    engine,
    concurrency: config.WEBHOOK_CONCURRENCY,
    onError,
    deliver: (endpoint, stopping) => deliverFairly(endpoint, stopping, tools, shares, addAgain),
    onMore: (endpoint) => addAgain([endpoint]),
  });
  const dueEndpoints = every(
    config.SWEEP_INTERVAL_MS,
    async () => {
      const endpoints = await findDueEndpoints(database, ENDPOINTS_AT_ONCE);
      if (endpoints.length > 0) await queue.addEndpoints(endpoints);
    },
    onError,
  );
  return {
    async stop(deadlineMs) {
      await Promise.all([dueEndpoints.stop(), worker.stop(deadlineMs)]);
      await queue.close();
    },
  };
}

// An endpoint above its account's share is added again as soon as another endpoint of the account is done.
async function deliverFairly(
  endpoint: EndpointJob,
  stopping: AbortSignal,
  tools: WebhookTools,
  shares: AccountShares,
  addAgain: (endpoints: readonly EndpointJob[]) => void,
): Promise<WebhookEnding> {
  if (!shares.enter(endpoint)) return "idle";
  try {
    return await deliverWebhooks(endpoint.id, stopping, tools);
  } finally {
    addAgain(shares.leave(endpoint));
  }
}
