import type { TestDatabase } from "./test-database.ts";

/** Makes every deletion of products take this much longer: each row's, or each statement's. */
export async function slowDown(
  database: TestDatabase,
  each: "ROW" | "STATEMENT",
  seconds: number,
): Promise<void> {
  await database.query(`
    CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(${seconds}); RETURN OLD; END $$`);
  await database.query(
    `CREATE TRIGGER be_slow AFTER DELETE ON products FOR EACH ${each} EXECUTE FUNCTION be_slow()`,
  );
}
