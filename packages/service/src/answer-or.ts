import { setTimeout as wait } from "node:timers/promises";

/**
 * What the work answers; `otherwise` when it fails or takes longer than `deadlineMs`. What it answers later is
 * nobody's business any more.
 */
export async function answerOr<T, F>(work: Promise<T>, otherwise: F, deadlineMs: number): Promise<T | F> {
  const answered = new AbortController();
  const late = wait(deadlineMs, otherwise, { signal: answered.signal }).catch(() => otherwise);
  try {
    return await Promise.race([work.catch(() => otherwise), late]);
  } finally {
    answered.abort();
  }
}
