import { within } from "@bulk/service/timing/deadline";
import type { Queue } from "bullmq";
import { type QueueEngine, WEBHOOK_QUEUE } from "../engines/connection.ts";
import { openNativeQueue } from "../engines/native-queue.ts";

/** An endpoint with due deliveries. */
export type EndpointJob = {
  readonly id: string;
  readonly accountId: string;
  /** 1 for the first endpoint of each account, 2 for the second, and so on. Lower ranks run first. */
  readonly rank: number;
};

/** The producer side of the queue of webhooks. One job serves one endpoint. */
export type WebhookQueue = {
  /** BullMQ's own queue object, for Bull Board. */
  readonly native: Queue;
  /**
   * Adds endpoints behind all others of the same rank. An endpoint that waits or is being served is not added again.
   * Throws after the deadline.
   */
  addEndpoints(endpoints: readonly EndpointJob[]): Promise<void>;
  /** Closes the connections. Gives up after the deadline. */
  close(): Promise<void>;
};

export type WebhookQueueOptions = {
  readonly engine: QueueEngine;
  /** How long one call may take. */
  readonly deadlineMs: number;
  readonly onError: (error: Error) => void;
};

/** Opens the queue of webhooks on the configured engine. Returns at once, connected or not. */
export function openWebhookQueue({ engine, deadlineMs, onError }: WebhookQueueOptions): WebhookQueue {
  const { queue, close } = openNativeQueue(WEBHOOK_QUEUE, engine, onError);
  return {
    native: queue,
    async addEndpoints(endpoints) {
      // BullMQ ignores an id that it has. It runs lower priorities first, and each priority first in, first out.
      const jobs = endpoints.map(({ id, accountId, rank }) => ({
        name: "deliver",
        data: { accountId, rank },
        opts: { jobId: id, priority: rank },
      }));
      await within(deadlineMs, queue.addBulk(jobs));
    },
    close: () => close(deadlineMs),
  };
}
