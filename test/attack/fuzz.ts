import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { fillShop } from "@bulk/local/fill-shop";
import { every } from "@bulk/service/timing/every";
import pg from "pg";
import { openBelongings } from "../fuzz/belongings.ts";
import { createKeyedTables, writeKeyedRecords } from "../fuzz/keyed-actions.ts";
import { ONLOOKER, takeWritten, watchWrites } from "../fuzz/writes.ts";
import { startEngines } from "../support/engines.ts";
import { UNLIMITED } from "../support/unlimited.ts";
import { openCage } from "./cage.ts";
import type { CrewOrder, CrewReport } from "./fuzz-crew.ts";
import { findDeath, findExcess, percentile95, startCaged } from "./run.ts";

export type FuzzRun = {
  readonly requests: number;
  readonly megabytes: number;
  readonly engine: "postgres" | "redis";
  readonly seed: number;
  /** How long a process may take to say that it lives. */
  readonly liveWithinMs: number;
  /** Ends the run with the requests that are under way. */
  readonly interrupted: AbortSignal;
  readonly print: (line: string) => void;
};

/** Over all crews. They mostly wait: for the API, which has one core. */
const CALLERS = 32;

/** For this many cores one crew: a core for each of API, database and worker, which they share where there are fewer. */
const CORES_PER_CREW = 4;

const SHOP = { products: 2, customers: 0, inUse: 1 };

/** After so many it ends. */
const MOST_VIOLATIONS = 100;

/** Between two lines about how far it is. */
const REPORT_EVERY_MS = 10_000;

/** No power fails here, and waiting for the disk takes most of the time of a request that writes. */
const NOT_DURABLE = ["synchronous_commit = off"];

const ASK_EVERY_MS = 200;

/** What a process that does not answer, or otherwise than it should, is taken to need. */
const PATIENCE_MS = 30_000;

/**
 * Sends hostile requests of the fuzz corpus to an API of its own, while a worker does what was accepted. Prints how far it
 * is and what came of it; returns the violations.
 */
export async function runFuzz(run: FuzzRun): Promise<readonly string[]> {
  await using engines = await startEngines(run.engine, NOT_DURABLE);
  await using apiCage = await openCage("fuzz-api", run.megabytes);
  await using workerCage = await openCage("fuzz-worker", run.megabytes);
  await using records = await openKeyedRecords(engines.databaseUrl);
  const environment = { ...UNLIMITED, MAX_RECORD_IDS: "50", RECORDS: records.file };
  await using api = await startCaged("api", engines, apiCage, environment);
  await using worker = await startCaged("worker", engines, workerCage, environment);
  await using uninvolved = await openUninvolved(engines.databaseUrl);
  const readPeaks = () => Promise.all([apiCage.readPeakMb(api.pid), workerCage.readPeakMb(worker.pid)]);
  const count = startCount(run, readPeaks);
  const over = AbortSignal.any([run.interrupted, count.tooMany]);
  const lives = Promise.all([api, worker].map(({ opsUrl }) => askForLife(opsUrl, count.ended)));
  await sendCrews({ ...run, apiUrl: api.url, databaseUrl: engines.databaseUrl }, count.note, over);
  await count.end();
  const delays = await lives;
  run.print(`statuses: ${JSON.stringify(count.statuses)}`);
  for (const [index, name] of ["API", "worker"].entries())
    run.print(`/health/live of the ${name}: ${tellDelays(delays[index] ?? [])}`);
  return [
    ...count.violations,
    ...delays
      .flat()
      .filter((ms) => ms > run.liveWithinMs)
      .map((ms) => `/health/live took ${Math.round(ms)} ms`),
    ...(await findDeath(api, worker)),
    ...findExcess(await readPeaks(), run.megabytes),
    ...(await uninvolved.findWritten()),
  ];
}

/** Action types whose ids are no UUIDs, beside those of the sample shop. */
async function openKeyedRecords(databaseUrl: string) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  await createKeyedTables((sql) => pool.query(sql));
  await pool.end();
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-fuzz-"));
  const file = join(directory, "records.json");
  await writeKeyedRecords(file);
  return { file, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

type Peaks = readonly (number | undefined)[];

/** Counts what the crews report, and prints it now and then. */
function startCount({ print }: Pick<FuzzRun, "print">, readPeaks: () => Promise<Peaks>) {
  const [tooMany, ended] = [new AbortController(), new AbortController()];
  const statuses: Record<string, number> = {};
  const violations: string[] = [];
  const startedAt = performance.now();
  async function tell(): Promise<void> {
    const sent = Object.values(statuses).reduce((sum, count) => sum + count, 0);
    const rate = Math.round((1_000 * sent) / (performance.now() - startedAt));
    const peaks = (await readPeaks()).map((peak) => peak ?? "?").join(" and ");
    print(
      `${sent} requests, ${rate} a second, ${violations.length} violations; API and worker: ${peaks} MB at most`,
    );
  }
  const telling = every(REPORT_EVERY_MS, tell, console.error);
  return {
    statuses,
    violations,
    tooMany: tooMany.signal,
    ended: ended.signal,
    note(report: CrewReport): void {
      for (const status of report.statuses) statuses[status] = (statuses[status] ?? 0) + 1;
      violations.push(...report.violations);
      for (const violation of report.violations) print(`violation: ${violation.slice(0, 500)}`);
      if (violations.length >= MOST_VIOLATIONS) tooMany.abort();
    },
    async end(): Promise<void> {
      ended.abort();
      await telling.stop();
      await tell();
    },
  };
}

/** Of an account that nobody calls, nothing may be written, nor of operators' tables. */
async function openUninvolved(databaseUrl: string) {
  const pool = new pg.Pool({ connectionString: databaseUrl, application_name: ONLOOKER, max: 1 });
  await watchWrites(pool);
  const { accountId } = await fillShop(databaseUrl, "uninvolved", SHOP);
  await openBelongings(pool, accountId, "completed");
  return {
    async findWritten(): Promise<readonly string[]> {
      const written = await takeWritten(pool, accountId);
      return written.map((table) => `something was written to ${table} of an account that nobody called`);
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

type CrewsOrder = Pick<FuzzRun, "requests" | "seed"> & Pick<CrewOrder, "apiUrl" | "databaseUrl">;

/** Resolves when all have sent their share; when it is over before, they end with the requests under way. */
async function sendCrews(
  { requests, seed, apiUrl, databaseUrl }: CrewsOrder,
  onReport: (report: CrewReport) => void,
  over: AbortSignal,
): Promise<void> {
  const crews = Math.max(1, Math.floor(availableParallelism() / CORES_PER_CREW));
  const common = { apiUrl, databaseUrl, seed, callers: Math.ceil(CALLERS / crews) };
  const working = Array.from({ length: crews }, async (_, crew) => {
    const order: CrewOrder = { ...common, crew, requests: Math.ceil(requests / crews) };
    const thread = new Worker(new URL("fuzz-crew.ts", import.meta.url), { workerData: order });
    thread.on("message", onReport);
    over.addEventListener("abort", () => thread.postMessage("end"));
    await once(thread, "exit");
  });
  await Promise.all(working);
}

/** How long each answer took, in milliseconds. Nobody's answer counts as late. */
async function askForLife(opsUrl: string, until: AbortSignal): Promise<readonly number[]> {
  const delays: number[] = [];
  while (!until.aborted) {
    const startedAt = performance.now();
    const isAlive = await fetch(`${opsUrl}/health/live`, { signal: AbortSignal.timeout(PATIENCE_MS) }).then(
      async (answer) => (await answer.text()) !== "" && answer.status === 200,
      () => false,
    );
    delays.push(isAlive ? performance.now() - startedAt : PATIENCE_MS);
    await wait(ASK_EVERY_MS, undefined, { signal: until }).catch(() => undefined);
  }
  return delays;
}

function tellDelays(delays: readonly number[]): string {
  const longest = Math.round(Math.max(...delays));
  return `${delays.length} times, p95 ${percentile95(delays)} ms, longest ${longest} ms`;
}
