import type { Database } from "../database.ts";

/**
 * Makes one small durable write, as a shop does, and returns how many milliseconds it took. It writes one row that is
 * ours, in place.
 */
export async function timeCanary(database: Database): Promise<number> {
  const startedAt = performance.now();
  await database.$executeRaw`
    INSERT INTO bulk.brake_canary (id) VALUES (1)
    ON CONFLICT (id) DO UPDATE SET written_at = clock_timestamp()`;
  return performance.now() - startedAt;
}
