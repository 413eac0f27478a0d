import { openPool } from "@bulk/postgres/connect";
import type pg from "pg";
import { startEngines } from "../support/engines.ts";
import type { ChaosEngines, Tools } from "./arena.ts";
import { breakThings } from "./break-things.ts";
import { findIdleWorkers } from "./check-survivors.ts";
import { checkRestores, checkRun } from "./checker.ts";
import { type ChaosClient, createChaosClient } from "./client.ts";
import { drain, readFinalAnswers } from "./drain.ts";
import { WORKER_COUNT } from "./fault-plan.ts";
import { fillShops } from "./fill-shops.ts";
import { openGivenEngines } from "./given-engines.ts";
import { HASTENED_RECOVERY } from "./hastened-recovery.ts";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import { CHAOS_HOSTS } from "./hosts/hosts.ts";
import { writeRecordsFile } from "./hosts/write-records-file.ts";
import {
  type ChaosOptions,
  type ChaosProgress,
  type ChaosResult,
  describeProgress,
  type Notes,
  takeNotes,
} from "./notes.ts";
import { poll } from "./poller.ts";
import { createRandom } from "./random.ts";
import { runRestores } from "./restoring/restore-campaign.ts";
import { ROLLED_WORKERS } from "./rolling-restart.ts";
import { type ServiceProcess, startServices } from "./services.ts";
import type { ChaosShop } from "./shop.ts";
import { openSubmitters } from "./submitters.ts";

/** One run from the first process started to the last one ended. Throws only when it could not be run. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const notes = takeNotes();
  const startedAt = performance.now();
  let phase: ChaosProgress["phase"] = "starting";
  const reporter = setInterval(() => {
    options.onProgress(describeProgress(phase, (performance.now() - startedAt) / 1_000, notes));
  }, 250);
  try {
    await using engines = await openEngines(options);
    await using database = connect(engines.databaseUrl);
    const host = CHAOS_HOSTS[options.host];
    const shops = await fillShops(engines.databaseUrl, database.pool, host);
    options.interrupted.throwIfAborted();
    await using stack = await openServices(engines, host, options, notes);
    const client = openClient(shops, stack.services, database.pool, options.seed, notes);
    await using _looking = startLooking(client, database.pool, notes);
    const tools = { engines, database: database.pool, host, shops, services: stack.services, client };
    return await breakAndCheck(options, tools, notes, (next) => {
      phase = next;
    });
  } finally {
    clearInterval(reporter);
  }
}

async function openEngines({ engine, databaseUrl, redisUrl }: ChaosOptions): Promise<ChaosEngines> {
  if (databaseUrl !== undefined) return await openGivenEngines(databaseUrl, redisUrl);
  const { redis, ...own } = await startEngines(engine, HASTENED_RECOVERY);
  return { ...own, redisUrl: redis?.url, redisServer: redis, flushRedis: redis?.flush };
}

async function breakAndCheck(
  options: ChaosOptions,
  tools: Tools,
  notes: Notes,
  enter: (phase: ChaosProgress["phase"]) => void,
): Promise<ChaosResult> {
  enter("breaking things");
  const submitters = openSubmitters(options, tools, notes);
  const { sending, lastFaultAt, throughput } = await breakThings(options, tools, notes, submitters);
  options.interrupted.throwIfAborted();
  enter("draining");
  await sending;
  const drainSeconds = await drain(tools.database, lastFaultAt, options.interrupted, notes);
  enter("checking");
  notes.violations.push(...(await findIdleWorkers(tools, notes, options.seed)));
  const deleted = { ...(await conclude(tools, notes, checkRun)), drainSeconds, throughput };
  // What was not deleted as promised tells nothing about restores.
  if (options.plan === "rolling_restart" || deleted.violations.length > 0) return deleted;
  enter("restoring");
  await runRestores(options, tools, notes);
  enter("checking");
  return { ...(await conclude(tools, notes, checkRestores)), drainSeconds, throughput };
}

// What the run itself reads and writes is spelled as everywhere else, whatever the host's settings are.
function connect(url: string): AsyncDisposable & { readonly pool: pg.Pool } {
  // Under another name the workers would take those who only look for the shop, and slow down for them to the end.
  const pool = openPool({ url, size: 15, applicationName: "bulk-actions-chaos" });
  pool.on("error", () => undefined);
  // A connection that is lost while somebody has it would otherwise end this process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return { pool, [Symbol.asyncDispose]: () => pool.end() };
}

async function openServices(
  { databaseUrl, redisUrl }: ChaosEngines,
  host: ChaosHost,
  { logDirectory, plan, host: hostName }: ChaosOptions,
  { violations }: Notes,
): Promise<AsyncDisposable & { readonly services: readonly ServiceProcess[] }> {
  const records = host.declaration && (await writeRecordsFile(host.declaration));
  const services = await startServices({
    ...{ redisUrl, logDirectory, recordsFile: records?.path },
    databaseUrl: host.serviceUrl(databaseUrl),
    // The other hosts' role does not see who else is there: it would take the checker's sessions for a shop to the end.
    protect: hostName === "own" ? ("on" as const) : ("off" as const),
    workerCount: plan === "rolling_restart" ? ROLLED_WORKERS : WORKER_COUNT,
    report: (violation) => violations.push(violation),
  });
  return {
    services,
    async [Symbol.asyncDispose]() {
      await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
      await records?.remove();
    },
  };
}

function openClient(
  shops: readonly ChaosShop[],
  services: readonly ServiceProcess[],
  database: pg.Pool,
  seed: number,
  notes: Notes,
): ChaosClient {
  const random = createRandom(seed + 2_000_003);
  return createChaosClient({
    shops,
    findApi() {
      const urls = services.flatMap(({ url, isUp }) => (url !== undefined && isUp() ? [url] : []));
      return random.pick(urls);
    },
    findClock: () => findClock(database),
    report: (violation) => notes.violations.push(violation),
    record: notes.record,
  });
}

async function findClock(database: pg.Pool): Promise<string | undefined> {
  try {
    const { rows } = await database.query<{ now: string }>("SELECT clock_timestamp()::text AS now");
    return rows[0]?.now;
  } catch {
    // The database may be away.
    return undefined;
  }
}

function startLooking(
  client: ChaosClient,
  database: pg.Pool,
  { record, sights, violations }: Notes,
): AsyncDisposable {
  const ending = new AbortController();
  const looking = poll(client, database, record, sights, ending.signal).catch((error: unknown) => {
    violations.push(`The chaos run itself failed to look: ${String(error)}`);
  });
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await looking;
    },
  };
}

async function conclude(
  { client, database, host }: Tools,
  notes: Notes,
  check: typeof checkRun,
): Promise<Omit<ChaosResult, "drainSeconds" | "throughput">> {
  const { record, sights, faults, violations } = notes;
  const finalAnswers = await readFinalAnswers(client, notes);
  const run = { ...record, cancels: [...record.cancels.values()], ...sights, finalAnswers };
  const connection = await database.connect();
  try {
    violations.push(...(await check(connection, run, host)));
    const { rows } = await connection.query<{ kind: string; count: number }>(
      `SELECT CASE kind WHEN 'none' THEN 'not attempted' ELSE COALESCE(skip_code, kind) END AS kind,
         count(*)::int AS count FROM outcome GROUP BY 1 ORDER BY 1`,
    );
    return {
      actions: record.accepted.length,
      ids: record.accepted.reduce((sum, action) => sum + action.recordIds.length, 0),
      faults: sorted(faults),
      answers: sorted(record.answers),
      outcomes: Object.fromEntries(rows.map(({ kind, count }) => [kind, count])),
      violations,
    };
  } finally {
    connection.release();
  }
}

function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([one], [other]) => one.localeCompare(other)));
}
