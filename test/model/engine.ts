import { setTimeout as wait } from "node:timers/promises";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { type Database, openDatabase } from "@bulk/store/database";
import { createWorkLog } from "@bulk/worker/observability/work-log";
import { createWorkerMetrics, type WorkerMetrics } from "@bulk/worker/observability/worker-metrics";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import type { ModelHost } from "./hosts/model-host.ts";
import { createShopper, SHOPPER_NAME, type Shopper } from "./shopper.ts";

/** What all runs of a test share: one database, and the ways into it. */
export type Engine = {
  readonly host: ModelHost;
  readonly database: TestDatabase;
  /** The service's way, by how long a statement waits for a lock. */
  readonly service: { readonly patient: Database; readonly hasty: Database };
  readonly metrics: WorkerMetrics;
  readonly shopper: Shopper;
  /** Counts the runs; each has an account of its own. */
  nextRun(): number;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function openEngine(host: ModelHost): Promise<Engine> {
  const database = await createTestDatabase();
  await database.query(host.tables);
  // Crashes here are those of processes, never of the server.
  await database.query(`ALTER DATABASE ${database.name} SET synchronous_commit = off`);
  await database.query("SET synchronous_commit = off");
  const service = { patient: open(database.url, 5_000), hasty: open(database.url, 15) };
  const shopper = await createShopper(database.url, host.deeds);
  let run = 0;
  return {
    ...{ host, database, service, shopper },
    metrics: createWorkerMetrics(createMetrics(), createWorkLog(), host.registry),
    nextRun: () => ++run,
    async [Symbol.asyncDispose]() {
      await shopper.dispose();
      await service.patient.$disconnect();
      await service.hasty.$disconnect();
      await database.dispose();
    },
  };
}

function open(url: string, lockTimeoutMs: number): Database {
  return openDatabase({
    url,
    applicationName: APPLICATION_NAME,
    poolSize: 5,
    lockTimeoutMs,
    statementTimeoutMs: 30_000,
  });
}

const APPLICATION_NAME = "service";

/**
 * Returns when every one of these has arrived or waits for a lock that the service or the shopper holds, so that what
 * comes next meets the same state in every replay.
 */
export async function settleDown(
  database: TestDatabase,
  findRunning: () => readonly { arrived(): Promise<void> }[],
): Promise<void> {
  for (;;) {
    const arrivals = findRunning().map((one) => one.arrived());
    if (arrivals.length === 0) return;
    const hasArrived = await Promise.race([Promise.all(arrivals).then(() => true), wait(2, false)]);
    // Locks are handed over before the commit that frees them answers: nobody is between two states here.
    if (!hasArrived && (await countWaiting(database)) >= findRunning().length) return;
  }
}

// A lock of autovacuum, which cuts a table's empty end off, is free again in a moment and by itself.
async function countWaiting(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(DISTINCT pid)::int AS count FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND datname = current_database() AND application_name = '${APPLICATION_NAME}'
       AND EXISTS (SELECT FROM pg_stat_activity holder
         WHERE holder.pid = ANY (pg_blocking_pids(pg_locks.pid))
           AND holder.application_name IN ('${APPLICATION_NAME}', '${SHOPPER_NAME}'))`,
  );
  return row?.count ?? 0;
}
