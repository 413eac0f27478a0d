import { BulkActionsError, ConnectionError } from "../errors.ts";
import type { Call, Connection } from "./connection.ts";
import { pause } from "./pause.ts";
import { readRefusal } from "./read-refusal.ts";
import { type WrittenRequest, writeRequest } from "./write-request.ts";

/**
 * Sends a request until it succeeds, and returns the answer. It is sent again, at most `maxRetries` times, after 429 and, if it
 * is repeatable, after a failure of the connection or the service. Waits for `Retry-After`, otherwise 0.25 s, 0.5 s and so on.
 * Throws `BulkActionsError`, `ConnectionError`, or the reason of the signal.
 */
export async function send(connection: Connection, call: Call): Promise<Response> {
  const request = writeRequest(connection, call);
  for (let retries = 0; ; retries += 1) {
    const outcome = await trySend(connection, call, request);
    if (outcome instanceof Response) return outcome;
    const delay = delayBefore(retries, outcome, connection.random);
    const isPatient = retries < connection.maxRetries && delay <= LONGEST_DELAY_MS;
    if (!isPatient || !mayBeSentAgain(outcome, call)) throw outcome;
    await pause(delay, call.signal);
  }
}

type Failure = BulkActionsError | ConnectionError;

const [FIRST_DELAY_MS, MOST_BACKOFF_MS] = [250, 8_000];

/** Whoever is told to wait longer is told so: the caller may have something better to do. */
const LONGEST_DELAY_MS = 60_000;

function delayBefore(retries: number, { retryAfterSeconds }: Failure, random: () => number): number {
  const backoff = Math.min(FIRST_DELAY_MS * 2 ** retries, MOST_BACKOFF_MS);
  return Math.max((retryAfterSeconds ?? 0) * 1_000, backoff / 2) + (random() * backoff) / 2;
}

const TEMPORARY: ReadonlySet<number | undefined> = new Set([undefined, 408, 429, 500, 502, 503, 504]);

/** Whether the failure may be over soon: there was no answer, or one that promises nothing for the next request. */
export function isTemporary(failure: unknown): boolean {
  if (failure instanceof ConnectionError) return TEMPORARY.has(failure.status);
  if (!(failure instanceof BulkActionsError)) return false;
  return TEMPORARY.has(failure.status) || failure.code === "idempotency_key.in_progress";
}

// A 429 says that nothing was done. What a stream has given is gone.
function mayBeSentAgain(failure: Failure, { isRepeatable, upload }: Call): boolean {
  if (upload?.content instanceof ReadableStream) return false;
  return isTemporary(failure) && (isRepeatable || failure.status === 429);
}

async function trySend(
  { fetch, timeoutMs }: Connection,
  { method, url, signal, upload }: Call,
  request: WrittenRequest,
): Promise<Response | Failure> {
  const late = new AbortController();
  // An upload takes as long as it takes: the service refuses one that is too slow.
  const timer = upload ? undefined : setTimeout(() => late.abort(), timeoutMs);
  const ended = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    const response = await fetch(request.url, { ...request.init, signal: ended });
    return response.ok ? response : await readRefusal(response);
  } catch (cause) {
    signal?.throwIfAborted();
    const why = late.signal.aborted ? ` within ${timeoutMs} ms` : "";
    return new ConnectionError(`${method} ${url} was not answered${why}.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
