import type { Queue } from "bullmq";
import { type QueueEngine, WEBHOOK_QUEUE } from "./connection.ts";
import { openNativeQueue } from "./native-queue.ts";
import { within } from "./within.ts";

/** The producer's side of the queue of webhooks. One job: somebody look after this endpoint. */
export type WebhookQueue = {
  /** BullMQ's own object, for Bull Board. */
  readonly native: Queue;
  /** An endpoint that waits or is looked after already is not added again. Throws after the deadline. */
  addEndpoints(endpointIds: readonly string[]): Promise<void>;
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
    async addEndpoints(endpointIds) {
      // The id is the endpoint's: BullMQ ignores an id it has.
      const jobs = endpointIds.map((id) => ({ name: "deliver", data: {}, opts: { jobId: id } }));
      await within(deadlineMs, queue.addBulk(jobs));
    },
    close: () => close(deadlineMs),
  };
}
