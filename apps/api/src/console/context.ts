import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import type { ApiConfig } from "../config.ts";
import type { ApiContext } from "../context.ts";
import type { MemoryBudget } from "../http/memory/memory-budget.ts";
import type { Entrance } from "../sign-in/entrance.ts";
import type { ActionReader } from "./action/read-actions.ts";
import type { LiveViews } from "./live/live-views.ts";
import type { NowReader } from "./now/read-now.ts";
import type { ReadQueueState } from "./queue-state.ts";
import type { Doctor } from "./settings/doctor.ts";

/** Dependencies of the console's pages, created once per process. */
export type ConsoleContext = {
  /** The API's, for what operators submit by its rules. */
  readonly api: ApiContext;
  /** The memory for all requests in flight, which long lists of ids take a share of. */
  readonly budget: MemoryBudget;
  /** Connections of the console's own: operators who look take none from callers, and see even while callers take all. */
  readonly database: Database;
  readonly config: ApiConfig;
  readonly readQueueState: ReadQueueState;
  readonly findUser: Entrance["findUser"];
  readonly live: LiveViews;
  readonly actions: ActionReader;
  readonly now: NowReader;
  readonly doctor: Doctor;
  readonly logger: Logger;
};
