import type pg from "pg";
import type { Engines } from "../support/engines.ts";
import type { ServiceProcess } from "./services.ts";
import type { ActionType } from "./shop.ts";

/** Everything there is to break. */
export type Arena = {
  readonly engines: Engines;
  /** Past every proxy. */
  readonly database: pg.Pool;
  readonly services: readonly ServiceProcess[];
  /** Targets that are in trouble already. */
  readonly busy: Set<string>;
  /** Some of the ids that were sent last: the ones worth getting in the way of. */
  readonly recentIds: (actionType: ActionType) => readonly string[];
};
