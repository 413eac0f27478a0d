import { type QueueEngine, TURN_QUEUE } from "./connection.ts";
import { openNativeQueue } from "./native-queue.ts";
import { within } from "./within.ts";

/** More are not counted. */
const MOST_COUNTED = 100;

/** How many turns have failed since this moment (milliseconds since 1970), up to 100. Throws after 4 s. */
export async function countFailedTurns(engine: QueueEngine, since: number): Promise<number> {
  const { queue, close } = openNativeQueue(TURN_QUEUE, engine, () => undefined);
  try {
    const failed = await within(4_000, queue.getFailed(0, MOST_COUNTED - 1));
    return failed.filter((job) => (job.finishedOn ?? 0) >= since).length;
  } finally {
    await close(500);
  }
}
