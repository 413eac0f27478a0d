import { setTimeout as wait } from "node:timers/promises";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";

/** What an account that attacks nobody sees meanwhile. */
export type Sighting = {
  /** Of its requests; one that failed counts as long as it may take. */
  readonly latenciesMs: readonly number[];
  /** From when a test event was asked for until its receiver had it. */
  readonly webhooksMs: readonly number[];
  /** How long a process took to say that it lives, at most. */
  readonly slowestLiveMs: number;
  readonly violations: readonly string[];
};

export type Witness = AsyncDisposable & {
  /** Looks on until the work is done. */
  watch(work: Promise<unknown>): Promise<Sighting>;
};

export type WitnessOptions = {
  readonly apiUrl: string;
  readonly opsUrls: readonly string[];
  readonly token: string;
  /** How long a process may take to say that it lives. */
  readonly liveWithinMs: number;
};

/** How long a request of the witness may take before it counts as lost: for a machine that is busy with other things. */
const PATIENCE_MS = 30_000;

/** The same for a webhook, which may have to wait for the worker's next look. */
const WEBHOOK_PATIENCE_MS = 60_000;

/**
 * Somebody who asks whether the processes live, works with the API like an ordinary caller, and has an endpoint that
 * webhooks must keep coming to.
 */
export async function openWitness(options: WitnessOptions): Promise<Witness> {
  const receiver = await openWebhookReceiver();
  const { id } = await call(options, "POST /v1/webhook_endpoints", {
    webhook_endpoint: { url: receiver.url },
  });
  return {
    async watch(work) {
      const sighting = { latenciesMs: [], webhooksMs: [], slowestLiveMs: 0, violations: new Set<string>() };
      const end = new AbortController();
      const watching = Promise.all([
        ...options.opsUrls.map((url) => askForLife(url, options.liveWithinMs, end.signal, sighting)),
        callOften(options, end.signal, sighting),
        awaitWebhooks(options, id, receiver, end.signal, sighting),
      ]);
      await work.finally(() => end.abort());
      await watching;
      return { ...sighting, violations: [...sighting.violations] };
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

/** A sighting that grows. */
type Notes = {
  readonly latenciesMs: number[];
  readonly webhooksMs: number[];
  slowestLiveMs: number;
  readonly violations: Set<string>;
};

async function askForLife(opsUrl: string, withinMs: number, until: AbortSignal, notes: Notes): Promise<void> {
  while (!until.aborted) {
    const startedAt = performance.now();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const fault = await fetch(`${opsUrl}/health/live`, { signal }).then(takeAll, String);
    const tookMs = Math.round(performance.now() - startedAt);
    notes.slowestLiveMs = Math.max(notes.slowestLiveMs, tookMs);
    if (fault !== undefined || tookMs > withinMs)
      notes.violations.add(`/health/live took over ${withinMs} ms, or failed: ${fault ?? `${tookMs} ms`}`);
    await pause(200, until);
  }
}

async function takeAll(answer: Response): Promise<string | undefined> {
  const text = await answer.text();
  return answer.status === 200 ? undefined : `${answer.status} ${text.slice(0, 200)}`;
}

/** Fewer than its rate allows. */
async function callOften(options: WitnessOptions, until: AbortSignal, notes: Notes): Promise<void> {
  while (!until.aborted) {
    const startedAt = performance.now();
    const fault = await call(options, "GET /v1/bulk_actions?limit=5").then(() => undefined, String);
    notes.latenciesMs.push(fault === undefined ? performance.now() - startedAt : PATIENCE_MS);
    if (fault !== undefined) notes.violations.add(`another account was not served: ${fault}`);
    await pause(100, until);
  }
}

/** One after the other, so that the next one tells whether they still come. */
async function awaitWebhooks(
  options: WitnessOptions,
  endpointId: string,
  receiver: WebhookReceiver,
  until: AbortSignal,
  notes: Notes,
): Promise<void> {
  while (!until.aborted) {
    const count = receiver.received.length;
    const startedAt = performance.now();
    const path = `POST /v1/webhook_endpoints/${endpointId}/test`;
    const fault = await call(options, path).then(() => undefined, String);
    if (fault !== undefined) {
      notes.violations.add(`another account was not served: ${fault}`);
      await pause(500, until);
      continue;
    }
    while (receiver.received.length === count && performance.now() - startedAt < WEBHOOK_PATIENCE_MS)
      await wait(10);
    notes.webhooksMs.push(performance.now() - startedAt);
    if (receiver.received.length === count) notes.violations.add("another account's webhook did not come");
    await pause(500, until);
  }
}

/** Throws unless it is answered with 200. */
async function call(
  { apiUrl, token }: WitnessOptions,
  request: string,
  body?: unknown,
): Promise<{ readonly id: string }> {
  const [method = "", path = ""] = request.split(" ");
  const answer = await fetch(`${apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${request}: ${answer.status} ${text.slice(0, 200)}`);
  return JSON.parse(text) as { readonly id: string };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return wait(ms, undefined, { signal }).catch(() => undefined);
}
