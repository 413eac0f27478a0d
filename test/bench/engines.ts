import pg from "pg";
import { type Engines, startEngines } from "../support/engines.ts";
import type { QueueEngine } from "./bench.ts";

/** Real engines of a case's own, with a connection to look at the database. */
export type BenchEngines = AsyncDisposable &
  Pick<Engines, "databaseUrl" | "redis"> & { readonly database: pg.Pool };

/** Starts them with the settings the embedded engines have; only no checkpoint falls into a run by chance. */
export async function openBenchEngines(queue: QueueEngine): Promise<BenchEngines> {
  const engines = await startEngines(queue, ["checkpoint_timeout = '30min'"]);
  const { databaseUrl, redis } = engines;
  const database = new pg.Pool({ connectionString: databaseUrl, max: 2, application_name: "bench" });
  return {
    ...{ databaseUrl, redis, database },
    async [Symbol.asyncDispose]() {
      await database.end();
      await engines[Symbol.asyncDispose]();
    },
  };
}
