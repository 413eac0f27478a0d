import type { QueueEngine } from "@bulk/queue/connection";
import { openWebhookQueue } from "@bulk/queue/webhook-queue";
import { startWebhookWorker } from "@bulk/queue/webhook-worker";
import { every } from "@bulk/service/every";
import { findDueEndpoints } from "@bulk/store/webhook-deliveries";
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
  const worker = startWebhookWorker({
    ...{ engine, concurrency: config.WEBHOOK_CONCURRENCY, onError },
    deliver: (endpointId, stopping) => deliverWebhooks(endpointId, stopping, tools),
    onMore: (endpointId) => void queue.addEndpoints([endpointId]).catch(onError),
  });
  const lookout = every(
    config.SWEEP_INTERVAL_MS,
    async () => {
      const endpointIds = await findDueEndpoints(database, ENDPOINTS_AT_ONCE);
      if (endpointIds.length > 0) await queue.addEndpoints(endpointIds);
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
