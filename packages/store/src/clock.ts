import type { Database } from "./database.ts";

/** Reads the database's clock. */
export async function readClock(database: Database): Promise<Date> {
  const [row] = await database.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  if (row === undefined) throw new Error("SELECT clock_timestamp() returned no row.");
  return row.now;
}
