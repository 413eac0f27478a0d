import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import { type Database, openDatabase } from "@bulk/store/database";
import type { ApiConfig } from "../config.ts";
import { CONSOLE_POOL_SIZE } from "../config.ts";
import { openActionReader } from "./action/read-actions.ts";
import type { ConsoleContext } from "./context.ts";
import { openLiveViews } from "./live/live-views.ts";
import { openNowReader } from "./now/read-now.ts";
import { openQueueState } from "./queue-state.ts";
import { openDoctor } from "./settings/doctor.ts";

export type ConsoleOptions = Pick<ConsoleContext, "api" | "budget" | "config" | "findUser" | "logger"> & {
  readonly turns: Pick<TurnQueue, "isPaused">;
  readonly onError: (error: unknown) => void;
};

/** Opens what the console's pages share. `close` ends it. */
export function openConsole({ onError, turns, ...options }: ConsoleOptions): {
  readonly context: ConsoleContext;
  close(): Promise<void>;
} {
  const database = openConsoleDatabase(options.config);
  const live = openLiveViews(onError);
  const doctor = openDoctor(options.config);
  const readQueueState = openQueueState(turns);
  return {
    context: {
      ...{ ...options, database, live, doctor, readQueueState },
      actions: openActionReader(database),
      now: openNowReader(database, readQueueState),
    },
    async close() {
      doctor.stop();
      await live.stop();
      await database.$disconnect();
    },
  };
}

function openConsoleDatabase(config: ApiConfig): Database {
  return openDatabase({
    url: config.DATABASE_URL,
    applicationName: "bulk-actions-console",
    poolSize: CONSOLE_POOL_SIZE,
    lockTimeoutMs: 2_000,
    statementTimeoutMs: 5_000,
  });
}
