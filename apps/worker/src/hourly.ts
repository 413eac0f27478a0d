const HOUR_MS = 3_600_000;

/**
 * Returns a function that runs a task at its first call and then at most once an hour. It throws what the task throws, and then
 * waits an hour as well: a lock would hold up others at every try.
 *
 * @param now a monotonic clock, in milliseconds
 */
export function hourly(
  task: () => Promise<void>,
  now: () => number = () => performance.now(),
): () => Promise<void> {
  let dueAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() < dueAt) return;
    dueAt = now() + HOUR_MS;
    await task();
  };
}
