import { setTimeout as wait } from "node:timers/promises";

/** So long may one look take. */
const LIMIT_MS = 5_000;

/** Throws when it takes longer; what comes later is nobody's business any more. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([work, fail(over.signal)]);
  } finally {
    over.abort();
  }
}

async function fail(signal: AbortSignal): Promise<never> {
  await wait(LIMIT_MS, undefined, { signal });
  throw new Error(`no answer within ${LIMIT_MS / 1_000} seconds`);
}
