import type { TestDatabase } from "./test-database.ts";

/**
 * Copies every table of the service and the shop as of one moment, under work or not; `restore` brings all of them back to it and
 * leaves the queue alone, wherever that is.
 */
export async function backUp(database: TestDatabase): Promise<{ restore(): Promise<void> }> {
  await database.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await database.query(COPY_ALL);
  await database.query("COMMIT");
  return {
    async restore() {
      await database.query(PUT_BACK_ALL);
    },
  };
}

const COPY_ALL = `
  DO $$
  DECLARE found record;
  BEGIN
    CREATE SCHEMA backup;
    FOR found IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('bulk', 'public') LOOP
      EXECUTE format('CREATE TABLE backup.%2$I AS TABLE %1$I.%2$I', found.schemaname, found.tablename);
    END LOOP;
  END $$`;

// Without triggers and foreign keys, as a restore does it: the tables come in any order.
const PUT_BACK_ALL = `
  DO $$
  DECLARE found record;
  BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ')
             FROM pg_tables WHERE schemaname IN ('bulk', 'public'));
    FOR found IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('bulk', 'public') LOOP
      EXECUTE format('INSERT INTO %1$I.%2$I SELECT * FROM backup.%2$I', found.schemaname, found.tablename);
    END LOOP;
  END $$`;
