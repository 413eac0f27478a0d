import { availableParallelism, loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

/** What an account that attacks nobody sees meanwhile. */
export type Sighting = {
  /** Of its requests, in milliseconds; one that failed counts as long as it may take. */
  readonly latenciesMs: readonly number[];
  readonly violations: readonly string[];
};

export type WitnessOptions = {
  readonly apiUrl: string;
  readonly opsUrls: readonly string[];
  readonly token: string;
};

/** How long a process may take to say that it lives, on a machine that has nothing else to do. */
const LIVE_WITHIN_MS = 1_000;

/** How much longer than alone everything takes on this machine now: how many want each of its cores; 1 at least. */
export function readCrowd(): number {
  return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
}

/** How long a request of the witness may take before it counts as lost. */
const PATIENCE_MS = 10_000;

/** Asks whether the processes live, and works with the API like an ordinary caller, until the work is done. */
export async function watch(options: WitnessOptions, work: Promise<unknown>): Promise<Sighting> {
  const latenciesMs: number[] = [];
  const violations = new Set<string>();
  const end = new AbortController();
  const watching = Promise.all([
    ...options.opsUrls.map((url) => askForLife(url, end.signal, violations)),
    callOften(options, end.signal, latenciesMs, violations),
  ]);
  await work.finally(() => end.abort());
  await watching;
  return { latenciesMs, violations: [...violations] };
}

async function askForLife(opsUrl: string, until: AbortSignal, violations: Set<string>): Promise<void> {
  const withinMs = Math.round(LIVE_WITHIN_MS * readCrowd());
  while (!until.aborted) {
    const signal = AbortSignal.timeout(withinMs);
    const answer = await fetch(`${opsUrl}/health/live`, { signal }).catch(String);
    if (typeof answer === "string")
      violations.add(`/health/live did not answer within ${withinMs} ms: ${answer}`);
    else await answer.arrayBuffer();
    await pause(200, until);
  }
}

/** Fewer than its rate allows. */
async function callOften(
  { apiUrl, token }: WitnessOptions,
  until: AbortSignal,
  latenciesMs: number[],
  violations: Set<string>,
): Promise<void> {
  while (!until.aborted) {
    const startedAt = performance.now();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${apiUrl}/v1/bulk_actions?limit=5`, { headers, signal }).catch(String);
    const text = typeof answer === "string" ? answer : await answer.text().catch(String);
    const isLost = typeof answer === "string";
    latenciesMs.push(isLost ? PATIENCE_MS : performance.now() - startedAt);
    if (isLost || answer.status !== 200) violations.add(`another account was answered ${text.slice(0, 200)}`);
    await pause(80, until);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return wait(ms, undefined, { signal }).catch(() => undefined);
}
