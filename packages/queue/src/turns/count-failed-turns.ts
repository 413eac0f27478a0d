import { within } from "@bulk/service/timing/deadline";
import { type QueueEngine, TURN_QUEUE } from "../engines/connection.ts";
import { openNativeQueue } from "../engines/native-queue.ts";

/** Counting stops here. */
const MOST_COUNTED = 100;

/** Returns how many turns have failed since this time (milliseconds since 1970), at most 100. Throws after 4 s. */
export async function countFailedTurns(engine: QueueEngine, since: number): Promise<number> {
  const { queue, close } = openNativeQueue(TURN_QUEUE, engine, () => undefined);
  try {
    const failed = await within(4_000, queue.getFailed(0, MOST_COUNTED - 1));
    return failed.filter((job) => (job.finishedOn ?? 0) >= since).length;
  } finally {
    await close(500);
  }
}
