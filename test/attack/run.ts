import { fillShop } from "@bulk/local/fill-shop";
import { findFreePort } from "@bulk/local/free-port";
import pg from "pg";
import { createClient } from "../support/client.ts";
import { startEngines } from "../support/engines.ts";
import { type Program, startProgram } from "../support/program.ts";
import type { Target } from "./attacks.ts";
import { type Cage, openCage } from "./cage.ts";
import { readCrowd, type Sighting, type WitnessOptions, watch } from "./witness.ts";

export type AttackRun = {
  readonly names: readonly string[];
  readonly secondsEach: number;
  readonly megabytes: number;
  readonly onResult: (result: AttackResult) => void;
  /** Ends the run after the attack that is under way. */
  readonly interrupted: AbortSignal;
};

export type AttackResult = {
  readonly name: string;
  /** What the attacker was answered: how often which status. */
  readonly statuses: string;
  readonly p95Ms: number;
  readonly peakMb: number | undefined;
  readonly violations: readonly string[];
};

/** Several times what an idle service takes counts as harm; below this nobody would notice it. */
const [MOST_TIMES_IDLE, UNNOTICED_MS] = [5, 250];

/** Starts engines, API and worker of its own, attacks them in every way named, and tells what became of them. */
export async function runAttacks({
  names,
  secondsEach,
  megabytes,
  onResult,
  interrupted,
}: AttackRun): Promise<readonly string[]> {
  await using engines = await startEngines("postgres", []);
  await using apiCage = await openCage("api", megabytes);
  await using workerCage = await openCage("worker", megabytes);
  await using api = await startCaged("api", engines.databaseUrl, apiCage);
  await using worker = await startCaged("worker", engines.databaseUrl, workerCage);
  const { target, witness, countWritten } = await prepare(engines.databaseUrl, api, worker);
  const idle = await watch(witness, new Promise((resolve) => setTimeout(resolve, 5_000)));
  const idleP95Ms = percentile95(idle.latenciesMs);
  onResult({ ...summarize("(idle)", idle), peakMb: await apiCage.readPeakMb() });
  const writtenBefore = await countWritten();
  const violations: string[] = [];
  for (const name of names) {
    const { statuses, sighting } = await attack(name, secondsEach, target, witness);
    const result = summarize(name, sighting, statuses, MOST_TIMES_IDLE * idleP95Ms);
    const further = [...(await findDeath(api, worker)), ...(await findUnserved(target))];
    const found = [...result.violations, ...further];
    onResult({ ...result, peakMb: await apiCage.readPeakMb(), violations: found });
    violations.push(...found.map((violation) => `${name}: ${violation}`));
    if (further.length > 0 || interrupted.aborted) break;
  }
  const written = await countWritten();
  if (written !== writtenBefore) violations.push(`something was written: ${writtenBefore} became ${written}`);
  return violations;
}

type Caged = Program & { readonly url: string; readonly opsUrl: string };

/** Starts a process within a limit on its memory. */
export async function startCaged(
  name: "api" | "worker",
  databaseUrl: string,
  { launcher }: Cage,
  variables: NodeJS.ProcessEnv = {},
): Promise<Caged> {
  const port = await findFreePort(0);
  const opsPort = await findFreePort(0);
  const environment = {
    ...{
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      OPS_PORT: String(opsPort),
      WORKER_OPS_PORT: String(opsPort),
    },
    WEBHOOK_SECRET_KEY: Buffer.alloc(32).toString("base64"),
    ...variables,
  };
  const program = startProgram(`apps/${name}/src/main.ts`, environment, [], undefined, launcher);
  await program.says(/api is listening|worker is taking turns/);
  return { ...program, url: `http://127.0.0.1:${port}`, opsUrl: `http://127.0.0.1:${opsPort}` };
}

/** Two accounts: one that attacks and has large bulk actions behind it, and one that only wants to work. */
async function prepare(databaseUrl: string, api: Caged, worker: Caged) {
  const attacker = await fillShop(databaseUrl, "attacker", { products: 1_000, customers: 0, inUse: 0 });
  const bystander = await fillShop(databaseUrl, "bystander", { products: 100, customers: 0, inUse: 0 });
  const client = createClient(api.url);
  const unknown = Array.from({ length: 100_000 }, () => crypto.randomUUID());
  const { id } = await client.submit(attacker.token, "delete_products", unknown);
  await client.finished(attacker.token, id);
  const opsUrls = [api.opsUrl, worker.opsUrl];
  const target: Target = { apiUrl: api.url, opsUrls, token: attacker.token, largeIds: [id] };
  const witness: WitnessOptions = { apiUrl: api.url, opsUrls, token: bystander.token };
  async function countWritten(): Promise<string> {
    const database = new pg.Client({ connectionString: databaseUrl });
    await database.connect();
    const { rows } = await database.query(COUNT_ALL).finally(() => database.end());
    return JSON.stringify(rows[0]);
  }
  return { target, witness, countWritten };
}

const COUNT_ALL = `
  SELECT (SELECT count(*) FROM bulk_actions) AS bulk_actions, (SELECT count(*) FROM products) AS products,
         (SELECT count(*) FROM webhook_endpoints) AS webhook_endpoints`;

async function attack(name: string, seconds: number, target: Target, witness: WitnessOptions) {
  const options = [name, String(Math.round(1_000 * seconds)), JSON.stringify(target)];
  await using attacker = startProgram("test/attack/attacker.ts", {}, options);
  const sighting = await watch(witness, attacker.exited());
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
  { latenciesMs, violations }: Sighting,
  statuses = "",
  mostMs = Number.POSITIVE_INFINITY,
): AttackResult {
  const p95Ms = percentile95(latenciesMs);
  const most = Math.round(Math.max(mostMs, UNNOTICED_MS * readCrowd()));
  const slow = p95Ms > most ? [`another account's p95 was ${p95Ms} ms, over ${most} ms`] : [];
  return { name, statuses, p95Ms, peakMb: undefined, violations: [...violations, ...slow] };
}

function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0);
}

async function findDeath(...programs: readonly Program[]): Promise<readonly string[]> {
  const exits = await Promise.all(programs.map((program) => Promise.race([program.exited(), undefined])));
  return exits.flatMap((exit, index) =>
    exit === undefined
      ? []
      : [`a process ended (${exit.signal ?? exit.code}): ${programs[index]?.output().slice(-1_000)}`],
  );
}

/** How long the attacker's own account may have to wait until it is served as ever. */
const SERVED_WITHIN_MS = 20_000;

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
