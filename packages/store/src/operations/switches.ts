import type { Database } from "../database.ts";
import { listPauses, type Pause } from "./pauses.ts";
import { listThrottles, type Throttle } from "./throttles.ts";

/** The settings of operators for all workers. */
export type Switches = {
  readonly pauses: readonly Pause[];
  readonly throttles: readonly Throttle[];
};

/** Reads the present pauses and throttles: a few rows. */
export async function readSwitches(database: Database): Promise<Switches> {
  return { pauses: await listPauses(database), throttles: await listThrottles(database) };
}
