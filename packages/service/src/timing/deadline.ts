/**
 * Returns what the work returns. Throws when the work throws, or takes longer than `deadlineMs`; late work is not
 * aborted, and its result is dropped.
 */
export async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no response within ${deadlineMs} ms`)), deadlineMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns what the work returns, or `otherwise` when the work throws or takes longer than `deadlineMs`. */
export async function withinOr<T, F>(deadlineMs: number, work: Promise<T>, otherwise: F): Promise<T | F> {
  return await within(deadlineMs, work).catch(() => otherwise);
}
