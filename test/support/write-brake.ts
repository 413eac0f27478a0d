import type { TestDatabase } from "./test-database.ts";

/** Writes the brake as workers do that observe an active shop. Both moments are SQL. */
export async function writeBrake(
  { database }: { readonly database: Pick<TestDatabase, "query"> },
  brakedAt: string,
  observedAt = "clock_timestamp() + interval '1 day'",
): Promise<void> {
  await database.query(
    `INSERT INTO bulk.brake (braked_at, reason, target, measured, records_per_second, observed_at)
     VALUES (${brakedAt}, 'shop_is_active', 1.25, 1.2345, 9000.6, ${observedAt})
     ON CONFLICT (id) DO UPDATE SET braked_at = EXCLUDED.braked_at, observed_at = EXCLUDED.observed_at`,
  );
}
