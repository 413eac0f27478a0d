/** Throws when the queue takes longer; what comes after the deadline is nobody's business any more. */
export async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`The queue did not answer within ${deadlineMs} ms.`));
  }, deadlineMs);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
