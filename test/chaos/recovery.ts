import { setTimeout as wait } from "node:timers/promises";
import { type FilledShop, fillShop } from "@bulk/local/fill-shop";
import { findFreePort } from "@bulk/local/stack/free-port";
import { commandLine } from "@bulk/service/process/command-line";
import { InvalidArgumentError } from "commander";
import pg from "pg";
import { type Client, createClient } from "../support/client.ts";
import { type Engines, startEngines } from "../support/engines.ts";
import { eventually } from "../support/eventually.ts";
import { type Program, startProgram } from "../support/program.ts";
import { openTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { HASTENED_RECOVERY } from "./hastened-recovery.ts";

const { outage } = commandLine({
  name: "pnpm chaos:recovery",
  description:
    "Breaks one thing at a time under one running bulk action, with default settings and the queue on Redis, " +
    "and prints how long after the end of the cause the next chunk was finished.",
  variables: {},
  example: "pnpm chaos:recovery --outage 10",
})
  .option("--outage <seconds>", "how long Redis and PostgreSQL stay away", parseSeconds, 60)
  .parse()
  .opts<{ outage: number }>();

/** Everything a case may break. */
type Bench = {
  readonly engines: Engines;
  readonly database: pg.Client;
  readonly shop: FilledShop;
  readonly client: Client;
  readonly toPostgres: TcpProxy;
  readonly apiToRedis: TcpProxy;
  startWorker(): Promise<Program>;
  startApi(): Promise<Program>;
};

/** Breaks something under the bulk action; resolves at the moment the cause has ended. */
type Case = (bench: Bench, worker: Program) => Promise<void>;

const CASES: Readonly<Record<string, Case>> = {
  async "the only worker killed and started again"({ startWorker }, worker) {
    await worker[Symbol.asyncDispose]();
    await startWorker();
  },
  async "one of two workers killed"({ startWorker }, worker) {
    await startWorker();
    await worker[Symbol.asyncDispose]();
  },
  async "Redis flushed"({ engines }) {
    await engines.redis?.flush();
  },
  async [`Redis down for ${outage} s, back empty`]({ engines }) {
    await engines.redis?.kill();
    await wait(outage * 1_000);
    await engines.redis?.start();
  },
  async [`PostgreSQL down for ${outage} s`]({ toPostgres, client, shop }) {
    await toPostgres.cut();
    await wait(outage * 1_000);
    const refused = await client.request(shop.token, "/v1/bulk_actions");
    const retryAfter = refused.headers.get("retry-after");
    if (refused.status !== 503 || retryAfter === null) throw new Error(`The API answered ${refused.status}.`);
    await toPostgres.mend();
  },
};

await using engines = await startEngines("redis", HASTENED_RECOVERY);
await using toPostgres = await openTcpProxy(engines.databaseUrl);
await using apiToRedis = await openTcpProxy(engines.redis?.url ?? "");
const shop = await fillShop(engines.databaseUrl, "recovery", { products: 600_000, customers: 0, inUse: 0 });
const database = new pg.Client({ connectionString: engines.databaseUrl });
await database.connect();
// An action of 100 chunks on four lanes takes about 15 s.
await database.query(`
  CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
  CREATE TRIGGER be_slow AFTER DELETE ON products FOR EACH STATEMENT EXECUTE FUNCTION be_slow()`);
const port = String(await findFreePort(0));
const common = { DATABASE_URL: toPostgres.url, PORT: port, OPS_PORT: "0", WORKER_OPS_PORT: "0" };
const programs: Program[] = [];
const bench: Bench = {
  ...{
    engines,
    database,
    shop,
    toPostgres,
    apiToRedis,
    client: createClient(`http://127.0.0.1:${port}`, fetch),
  },
  startWorker: () => start("apps/worker/src/main.ts", /taking turns/, engines.redis?.url),
  startApi: () => start("apps/api/src/main.ts", /is listening/, apiToRedis.url),
};
try {
  const idsLeft = [...shop.productIds];
  for (const [name, breakIt] of Object.entries(CASES)) {
    console.log(`${name.padEnd(48)} ${await measure(breakIt, idsLeft.splice(0, 100_000))} s`);
  }
  const name = "an API killed between commit and enqueue";
  console.log(`${name.padEnd(48)} ${await measureLostEnqueue(idsLeft.splice(0, 100_000))} s`);
} finally {
  await endAll();
  await database.end();
}

function parseSeconds(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1 to 9999.");
}

async function measure(breakIt: Case, ids: readonly string[]): Promise<string> {
  await bench.startApi();
  const worker = await bench.startWorker();
  const { id } = await bench.client.submit(shop.token, "delete_products", ids);
  await eventually(async () => {
    if ((await countFinished(id)) < 8) throw new Error("Not yet under way.");
  }, 30_000);
  await breakIt(bench, worker);
  return await secondsToProgress(id);
}

async function measureLostEnqueue(ids: readonly string[]): Promise<string> {
  const api = await bench.startApi();
  await bench.startWorker();
  await apiToRedis.cut();
  const { id } = await bench.client.submit(shop.token, "delete_products", ids);
  await api[Symbol.asyncDispose]();
  return await secondsToProgress(id);
}

// From now, when the cause has ended, to the end of the first chunk after it. Leaves nothing running.
async function secondsToProgress(id: string): Promise<string> {
  const finished = await countFinished(id);
  const endedAt = performance.now();
  await eventually(async () => {
    if ((await countFinished(id)) <= finished) throw new Error("No progress.");
  }, 120_000);
  const seconds = (performance.now() - endedAt) / 1_000;
  await endAll();
  await database.query("DELETE FROM bulk.bulk_actions");
  await engines.redis?.flush();
  return seconds.toFixed(1);
}

async function countFinished(id: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    "SELECT count(finished_at)::int AS count FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1",
    [id],
  );
  return rows[0]?.count ?? 0;
}

async function start(
  entry: "apps/api/src/main.ts" | "apps/worker/src/main.ts",
  sign: RegExp,
  redisUrl: string | undefined,
): Promise<Program> {
  const started = startProgram(entry, { ...common, ...(redisUrl && { REDIS_URL: redisUrl }) });
  programs.push(started);
  await started.says(sign);
  return started;
}

async function endAll(): Promise<void> {
  for (const one of programs.splice(0)) await one[Symbol.asyncDispose]();
}
