import { fillShop } from "@bulk/local/fill-shop";
import { findFreePort } from "@bulk/local/stack/free-port";
import pg from "pg";
import { createClient } from "../support/client.ts";
import { type Engines, startEngines } from "../support/engines.ts";
import { type Program, startProgram } from "../support/program.ts";
import { findChanged, readTraces } from "../support/table-traces.ts";
import type { Target } from "./attack.ts";
import { type Cage, openCage } from "./cage.ts";
import { WEBHOOK_ATTACKS } from "./webhook-attacks.ts";
import { openWitness, type Sighting, type Witness } from "./witness.ts";

/** What must hold while an attack goes on, beside what always must. */
export type Demands = {
  /** How long a process may take to say that it lives. */
  readonly liveWithinMs: number;
  /**
   * How many times as long as idle another account's requests and webhooks may take, at the 95th percentile. Idle counts
   * as 15 ms at least.
   */
  readonly mostTimesIdle: number;
};

/** For machines that are slow or have other work: times are told, and only what hangs counts. */
export const LENIENT: Demands = { liveWithinMs: 15_000, mostTimesIdle: Number.POSITIVE_INFINITY };

/** For a machine of its own. */
export const STRICT: Demands = { liveWithinMs: 1_000, mostTimesIdle: 5 };

export type AttackRun = {
  readonly names: readonly string[];
  readonly secondsEach: number;
  readonly megabytes: number;
  readonly engine: "postgres" | "redis";
  readonly demands: Demands;
  /** Hears of the processes under attack. */
  readonly onStart: (processes: readonly string[]) => void;
  readonly onResult: (result: AttackResult) => void;
  /** Ends the run after the attack that is under way. */
  readonly interrupted: AbortSignal;
};

export type AttackResult = {
  readonly name: string;
  /** What the attacker was answered: how often which status. */
  readonly statuses: string;
  /** Of another account's requests and webhooks. */
  readonly p95Ms: number;
  readonly webhooksP95Ms: number;
  readonly slowestLiveMs: number;
  /** Of API and worker; `undefined` where nobody counts. */
  readonly peaksMb: readonly (number | undefined)[];
  readonly violations: readonly string[];
};

/** Starts engines, API and worker of its own, attacks them in every way named, and tells what became of them. */
export async function runAttacks(run: AttackRun): Promise<readonly string[]> {
  await using engines = await startEngines(run.engine, []);
  await using apiCage = await openCage("api", run.megabytes);
  await using workerCage = await openCage("worker", run.megabytes);
  await using api = await startCaged("api", engines, apiCage);
  await using worker = await startCaged("worker", engines, workerCage);
  run.onStart([`API ${api.url}, process ${api.pid}`, `worker, process ${worker.pid}`]);
  const { target, witnessOptions, traces } = await prepare(engines, api, worker);
  await using witness = await openWitness({ ...witnessOptions, ...run.demands });
  const readPeaks = () => Promise.all([apiCage.readPeakMb(api.pid), workerCage.readPeakMb(worker.pid)]);
  const idle = await witness.watch(new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  run.onResult({ ...summarize("(idle)", "", idle), peaksMb: await readPeaks() });
  const violations: string[] = idle.violations.map((violation) => `(idle): ${violation}`);
  for (const name of run.names) {
    const before = await traces.read();
    const { statuses, sighting } = await attack(name, run.secondsEach, target, witness);
    const result = { ...summarize(name, statuses, sighting), peaksMb: await readPeaks() };
    const deaths = await findDeath(api, worker);
    const fatal = deaths.length > 0 ? deaths : await findUnserved(target);
    const found = [
      ...result.violations,
      ...findSlowness(result, idle, run.demands),
      ...findExcess(result.peaksMb, run.megabytes),
      ...fatal,
      ...findWritten(name, before, await traces.read()),
    ];
    run.onResult({ ...result, violations: found });
    violations.push(...found.map((violation) => `${name}: ${violation}`));
    if (fatal.length > 0 || run.interrupted.aborted) return violations;
  }
  return [...violations, ...(await findStandstill(target))];
}

/** How long an idle service is looked at. */
const IDLE_MS = 5_000;

type Caged = Program & { readonly url: string; readonly opsUrl: string };

/** Starts a process within a limit on its memory. */
export async function startCaged(
  name: "api" | "worker",
  { databaseUrl, redis }: Pick<Engines, "databaseUrl" | "redis">,
  { launcher }: Cage,
  variables: NodeJS.ProcessEnv = {},
): Promise<Caged> {
  const port = await findFreePort(0);
  const opsPort = await findFreePort(0);
  const environment = {
    ...{
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis?.url,
      PORT: String(port),
      OPS_PORT: String(opsPort),
      WORKER_OPS_PORT: String(opsPort),
    },
    WEBHOOK_ALLOW_LOOPBACK: "true",
    WEBHOOK_SECRET_KEY: Buffer.alloc(32).toString("base64"),
    ...variables,
  };
  const program = startProgram(`apps/${name}/src/main.ts`, environment, [], undefined, launcher);
  await program.says(/api is listening|worker is taking turns/);
  return { ...program, url: `http://127.0.0.1:${port}`, opsUrl: `http://127.0.0.1:${opsPort}` };
}

/** Two accounts: one that attacks and has large bulk actions behind it, and one that only wants to work. */
async function prepare({ databaseUrl, redis }: Engines, api: Caged, worker: Caged) {
  const attacker = await fillShop(databaseUrl, "attacker", { products: 1_000, customers: 10, inUse: 0 });
  const bystander = await fillShop(databaseUrl, "bystander", { products: 100, customers: 10, inUse: 0 });
  const client = createClient(api.url);
  const unknown = Array.from({ length: 100_000 }, () => crypto.randomUUID());
  const { id } = await client.submit(attacker.token, "delete_products", unknown);
  await client.finished(attacker.token, id);
  const opsUrls = [api.opsUrl, worker.opsUrl];
  const common = { apiUrl: api.url, opsUrls };
  const target: Target = { ...common, token: attacker.token, largeIds: [id], redisUrl: redis?.url };
  const accounts = { attacker: attacker.accountId, bystander: bystander.accountId };
  return {
    target,
    witnessOptions: { ...common, token: bystander.token },
    traces: { read: () => readAll(databaseUrl, accounts) },
  };
}

type Accounts = Readonly<Record<"attacker" | "bystander", string>>;

async function readAll(databaseUrl: string, { attacker, bystander }: Accounts) {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    return {
      attacker: await readTraces(database, attacker),
      bystander: await readTraces(database, bystander),
    };
  } finally {
    await database.end();
  }
}

type AllTraces = Awaited<ReturnType<typeof readAll>>;

/** What may be written: the witness's test events, and the endpoints that an attack is made with. */
function findWritten(name: string, before: AllTraces, after: AllTraces): readonly string[] {
  const ownTables = name in WEBHOOK_ATTACKS ? ["bulk.webhook_endpoints", "bulk.webhook_deliveries"] : [];
  const changed = [
    ...findChanged(before.attacker, after.attacker).filter((table) => !ownTables.includes(table)),
    ...findChanged(before.bystander, after.bystander)
      .filter((table) => table !== "bulk.webhook_deliveries")
      .map((table) => `${table} of another account`),
  ];
  return changed.map((table) => `something was written to ${table}`);
}

async function attack(name: string, seconds: number, target: Target, witness: Witness) {
  const options = [name, String(Math.round(1_000 * seconds)), JSON.stringify(target)];
  await using attacker = startProgram("test/attack/attacker.ts", {}, options);
  const sighting = await witness.watch(attacker.exited());
  const line = attacker.output().trim().split("\n").at(-1) ?? "";
  const hasEnded = line.startsWith("{");
  const violations = hasEnded ? [] : [`the attacker failed: ${attacker.output().slice(-500)}`];
  return {
    statuses: hasEnded ? line.replaceAll(/["{}]/g, "").replaceAll(",", ", ") : "",
    sighting: { ...sighting, violations: [...sighting.violations, ...violations] },
  };
}

function summarize(
  name: string,
  statuses: string,
  { latenciesMs, webhooksMs, slowestLiveMs, violations }: Sighting,
) {
  const [p95Ms, webhooksP95Ms] = [percentile95(latenciesMs), percentile95(webhooksMs)];
  return { name, statuses, p95Ms, webhooksP95Ms, slowestLiveMs, violations };
}

/**
 * An idle service counts as no faster than this. Idle percentiles vary from 6 to 15 ms between runs on the same machine with
 * two cores, and a single garbage collection or turn of the scheduler takes as long.
 */
const FASTEST_IDLE_MS = 15;

function findSlowness(
  { p95Ms, webhooksP95Ms }: Pick<AttackResult, "p95Ms" | "webhooksP95Ms">,
  idle: Sighting,
  { mostTimesIdle }: Demands,
): readonly string[] {
  const rows = [
    ["requests", p95Ms, percentile95(idle.latenciesMs)],
    ["webhooks", webhooksP95Ms, percentile95(idle.webhooksMs)],
  ] as const;
  return rows.flatMap(([what, ms, idleMs]) => {
    const most = mostTimesIdle * Math.max(idleMs, FASTEST_IDLE_MS);
    return ms > most ? [`the p95 of another account's ${what} was ${ms} ms, over ${most} ms`] : [];
  });
}

/** Says which peaks are over the limit. */
export function findExcess(peaksMb: AttackResult["peaksMb"], megabytes: number): readonly string[] {
  return peaksMb.flatMap((peak = 0) => (peak > megabytes ? [`a process took ${peak} MB`] : []));
}

/** In whole units; 0 of nothing. */
export function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0);
}

/** Says of each process that has ended how. */
export async function findDeath(...programs: readonly Program[]): Promise<readonly string[]> {
  const exits = await Promise.all(programs.map((program) => Promise.race([program.exited(), undefined])));
  return exits.flatMap((exit, index) =>
    exit === undefined
      ? []
      : [`a process ended (${exit.signal ?? exit.code}): ${programs[index]?.output().slice(-1_000)}`],
  );
}

/** How long the attacker's own account may have to wait until it is served as ever. */
const SERVED_WITHIN_MS = 60_000;

/** Whatever was held for the attack must be free again: the largest request of its account is served. */
async function findUnserved({ apiUrl, token }: Target): Promise<readonly string[]> {
  const recordIds = Array.from({ length: 100_000 }, () => crypto.randomUUID());
  const body = JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: recordIds } });
  const deadline = performance.now() + SERVED_WITHIN_MS;
  let last = "";
  while (performance.now() < deadline) {
    const answer = await fetch(`${apiUrl}/v1/bulk_actions/preview`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body,
    }).catch(String);
    if (typeof answer !== "string" && answer.status === 200) return [];
    last = typeof answer === "string" ? answer : `${answer.status} ${await answer.text()}`;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return [`the attacker's account was not served again: ${last}`];
}

/** After all attacks the worker must still take turns: a last bulk action comes to its end. */
async function findStandstill({ apiUrl, token }: Target): Promise<readonly string[]> {
  try {
    const client = createClient(apiUrl);
    const { id } = await client.submit(token, "delete_products", [crypto.randomUUID()]);
    await client.finished(token, id, SERVED_WITHIN_MS);
    return [];
  } catch (error) {
    return [`a bulk action did not end after the attacks: ${error}`];
  }
}
