import type pg from "pg";
import type { Tools } from "./arena.ts";
import type { Notes, Throughput } from "./notes.ts";
import { pause } from "./pause.ts";
import type { ServiceProcess } from "./services.ts";

/** As few as there can be with work going on. */
export const ROLLED_WORKERS = 2;

const ROUNDS = 10;

/** No longer may nothing be done at all. */
const LONGEST_GAP_MS = 2_000;

/**
 * Restarts every worker in turn, ten times over, under more work than they can do: the next one when the one before
 * takes turns again, as whoever rolls a release out does. Too long a time without a finished chunk is a violation.
 */
export async function restartInTurn(tools: Tools, notes: Notes, ending: AbortSignal): Promise<Throughput> {
  const { database, services } = tools;
  const over = new AbortController();
  const working = keepBusy(tools, AbortSignal.any([ending, over.signal]));
  await expectChunks(database, ending);
  const begunAt = await readClock(database);
  await restartAll(
    services.filter(({ url }) => url === undefined),
    notes,
    ending,
  );
  const throughput = await measureThroughput(database, begunAt, await readClock(database));
  over.abort();
  await working;
  if (throughput.longestGapMs > LONGEST_GAP_MS) {
    notes.violations.push(`No chunk was finished for ${throughput.longestGapMs} ms.`);
  }
  return throughput;
}

async function restartAll(
  workers: readonly ServiceProcess[],
  { faults, violations }: Notes,
  ending: AbortSignal,
): Promise<void> {
  const restarts = Array.from({ length: ROUNDS }, () => workers).flat();
  for (const [done, worker] of restarts.entries()) {
    if (ending.aborted) {
      violations.push(`There was time for ${done} restarts only, not for ${restarts.length}.`);
      return;
    }
    await worker.terminate();
    await worker.start();
    faults.set("terminate_worker", done + 1);
  }
}

/** How long the statement of each chunk takes, so that the shops do not run out of records. */
const CHUNK_MS = 100;

/** Several seconds of work. */
const OPEN_CHUNKS = 200;

const RECORDS_AT_ONCE = 20_000;

/** Submits whenever little is left to do, until told to stop. */
async function keepBusy({ client, database, shops }: Tools, ending: AbortSignal): Promise<void> {
  await database.query("UPDATE chaos.settings SET delete_ms = $1", [CHUNK_MS]);
  for (let turn = 0; !ending.aborted; turn++) {
    const shop = shops[turn % shops.length];
    if (shop !== undefined && (await countOpenChunks(database)) < OPEN_CHUNKS) {
      const recordIds = shop.recordIds.delete_customers.slice(0, RECORDS_AT_ONCE);
      await client.submit({ accountId: shop.accountId, actionType: "delete_customers", recordIds });
    }
    await pause(200, ending);
  }
  await database.query("UPDATE chaos.settings SET delete_ms = 0");
}

async function countOpenChunks(database: pg.Pool): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM bulk.bulk_action_chunks WHERE finished_at IS NULL",
  );
  return rows[0]?.count ?? 0;
}

async function expectChunks(database: pg.Pool, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    const { rowCount } = await database.query("SELECT FROM chaos.chunk_writes LIMIT 1");
    if (rowCount === 1) return;
    await pause(100, ending);
  }
}

async function readClock(database: pg.Pool): Promise<Date> {
  const { rows } = await database.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  if (rows[0] === undefined) throw new Error("SELECT clock_timestamp() returned no row.");
  return rows[0].now;
}

async function measureThroughput(database: pg.Pool, begunAt: Date, endedAt: Date): Promise<Throughput> {
  const { rows } = await database.query<Throughput>(
    `WITH moment AS (
       SELECT at FROM chaos.chunk_writes WHERE at > $1 AND at < $2
       UNION ALL VALUES ($1::timestamptz), ($2::timestamptz)),
     gap AS (SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY at)) AS seconds FROM moment)
     SELECT (count(*) / sum(seconds))::float8 AS "chunksPerSecond",
       (max(seconds) * 1000)::int AS "longestGapMs" FROM gap`,
    [begunAt, endedAt],
  );
  if (rows[0] === undefined) throw new Error("There is no throughput to measure.");
  return rows[0];
}
