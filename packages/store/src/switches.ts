import type { Database } from "./database.ts";
import { listPauses, type Pause } from "./pauses.ts";
import { listThrottles, type Throttle } from "./throttles.ts";

/** What operators have set for all workers. */
export type Switches = {
  readonly pauses: readonly Pause[];
  readonly throttles: readonly Throttle[];
};

/** What is paused and throttled at this moment; a handful of rows. */
export async function readSwitches(database: Database): Promise<Switches> {
  return { pauses: await listPauses(database), throttles: await listThrottles(database) };
}
