import { queueEngine } from "@bulk/queue/engines/engine";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turns/turn-queue";
import { eventually } from "./eventually.ts";
import type { TestService } from "./test-service.ts";

/** The queue of a test service, to look into. */
export function openServiceQueue({ database, redis }: Pick<TestService, "database" | "redis">): TurnQueue {
  return openTurnQueue({
    engine: queueEngine({ DATABASE_URL: database.url, REDIS_URL: redis?.url }),
    deadlineMs: 5_000,
    onError: () => undefined,
  });
}

/** Removes every turn that waits, as a lost Redis would, once so many have come. */
export async function loseAllTurns(
  service: Pick<TestService, "database" | "redis">,
  count = 1,
): Promise<void> {
  const queue = openServiceQueue(service);
  try {
    // The answer to a create does not wait for the queue.
    await eventually(async () => {
      const { waiting = 0, prioritized = 0 } = await queue.native.getJobCounts("waiting", "prioritized");
      if (waiting + prioritized < count) throw new Error("Not all turns have come yet.");
    });
    await queue.native.drain(true);
  } finally {
    await queue.close();
  }
}
