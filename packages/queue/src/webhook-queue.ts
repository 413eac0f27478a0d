import type { Queue } from "bullmq";
import { type QueueEngine, WEBHOOK_QUEUE } from "./connection.ts";
import { openNativeQueue } from "./native-queue.ts";
import { within } from "./within.ts";

/** An endpoint that somebody is to send to. */
export type EndpointJob = {
  readonly id: string;
  readonly accountId: string;
  /** 1 for one endpoint of each account, 2 for a second one, and so on: lower ranks are taken first. */
  readonly rank: number;
};

/** The producer's side of the queue of webhooks. One job: somebody look after this endpoint. */
export type WebhookQueue = {
  /** BullMQ's own object, for Bull Board. */
  readonly native: Queue;
  /**
   * Adds endpoints behind all others of the same rank. One that waits or is looked after already is not added again.
   * Throws after the deadline.
   */
  addEndpoints(endpoints: readonly EndpointJob[]): Promise<void>;
  /** Ends the connections; gives up waiting after the deadline. */
  close(): Promise<void>;
};

export type WebhookQueueOptions = {
  readonly engine: QueueEngine;
  /** How long one call may take. */
  readonly deadlineMs: number;
  readonly onError: (error: Error) => void;
};

/** Opens the producer's side on whichever engine is configured. Answers at once, connected or not. */
export function openWebhookQueue({ engine, deadlineMs, onError }: WebhookQueueOptions): WebhookQueue {
  const { queue, close } = openNativeQueue(WEBHOOK_QUEUE, engine, onError);
  return {
    native: queue,
    async addEndpoints(endpoints) {
      // The id is the endpoint's: BullMQ ignores an id it has. It takes a lower priority first, and each first in,
      // first out.
      const jobs = endpoints.map(({ id, accountId, rank }) => ({
        ...{ name: "deliver", data: { accountId, rank } },
        opts: { jobId: id, priority: rank },
      }));
      await within(deadlineMs, queue.addBulk(jobs));
    },
    close: () => close(deadlineMs),
  };
}
