import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import { dropExpiredRows } from "@bulk/store/retention/kept-rows";

const HOUR_MS = 3_600_000;

/**
 * Returns a function that deletes the kept rows that have expired, at its first call and then at most once an hour. It throws
 * what the database throws, and then waits an hour as well: a lock on them would hold up others at every try.
 *
 * @param now a monotonic clock, in milliseconds
 */
export function dropExpiredHourly(
  database: Database,
  logger: Logger,
  now: () => number = () => performance.now(),
): () => Promise<void> {
  let dueAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() < dueAt) return;
    dueAt = now() + HOUR_MS;
    const days = await dropExpiredRows(database);
    if (days > 0) logger.info({ days }, "kept rows have expired and are deleted");
  };
}
