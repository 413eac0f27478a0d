import pg from "pg";
import { type Engines, startEngines } from "../support/engines.ts";

/** Real engines of the bench's own, with a connection to look at the database. */
export type BenchEngines = AsyncDisposable &
  Pick<Engines, "databaseUrl" | "redis"> & { readonly database: pg.Pool };

/** Where the queue is. */
export type QueueEngine = "redis" | "postgres";

/** Starts them with the settings the embedded engines have; only no checkpoint falls into a run by chance. */
export async function openBenchEngines(): Promise<BenchEngines> {
  const engines = await startEngines("redis", ["checkpoint_timeout = '30min'"]);
  const { databaseUrl, redis } = engines;
  // It polls. Under any other name the workers would take it for the shop.
  const database = new pg.Pool({
    connectionString: databaseUrl,
    max: 2,
    application_name: "bulk-actions-bench",
  });
  return {
    ...{ databaseUrl, redis, database },
    async [Symbol.asyncDispose]() {
      await database.end();
      await engines[Symbol.asyncDispose]();
    },
  };
}

/** The same engines as somebody with or without Redis has them. */
export function withQueueOn(queue: QueueEngine, engines: BenchEngines): BenchEngines {
  return queue === "redis" ? engines : { ...engines, redis: undefined };
}
