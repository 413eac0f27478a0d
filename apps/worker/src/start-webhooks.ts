import type { QueueEngine } from "@bulk/queue/connection";
import { type EndpointJob, openWebhookQueue } from "@bulk/queue/webhook-queue";
import { startWebhookWorker, type WebhookEnding } from "@bulk/queue/webhook-worker";
import { every } from "@bulk/service/every";
import { findDueEndpoints } from "@bulk/store/webhook-deliveries";
import { type AccountShares, createAccountShares } from "./account-shares.ts";
import type { WorkerConfig } from "./config.ts";
import { deliverWebhooks, type WebhookTools } from "./deliver-webhooks.ts";

export type WebhookSender = {
  /** Lets the requests under way end; gives up after the deadline. */
  stop(deadlineMs: number): Promise<void>;
};

/** At most this many endpoints are put into the queue at once; the rest is left to the next look. */
const ENDPOINTS_AT_ONCE = 500;

/**
 * Starts sending what is due. The database says what that is; the queue only spreads the endpoints over the
 * workers, so whatever it loses is in it again after the next look.
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
    ...{ engine, concurrency: config.WEBHOOK_CONCURRENCY, onError },
    deliver: (endpoint, stopping) => deliverFairly(endpoint, stopping, tools, shares, addAgain),
    onMore: (endpoint) => addAgain([endpoint]),
  });
  const lookout = every(
    config.SWEEP_INTERVAL_MS,
    async () => {
      const endpoints = await findDueEndpoints(database, ENDPOINTS_AT_ONCE);
      if (endpoints.length > 0) await queue.addEndpoints(endpoints);
    },
    onError,
  );
  return {
    async stop(deadlineMs) {
      await Promise.all([lookout.stop(), worker.stop(deadlineMs)]);
      await queue.close();
    },
  };
}

// An endpoint above its account's share is taken up again as soon as another of the account is done.
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
