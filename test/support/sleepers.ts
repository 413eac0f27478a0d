import { eventually } from "./eventually.ts";
import type { TestDatabase } from "./test-database.ts";

/** Waits until this many statements are held up by `slowDown`: each has deleted its rows and not committed. */
export async function expectSleepers(database: TestDatabase, count: number): Promise<void> {
  await eventually(async () => {
    const sleepers = await database.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
    );
    if (sleepers.length !== count) throw new Error(`${sleepers.length} statements sleep, not ${count}.`);
  });
}
