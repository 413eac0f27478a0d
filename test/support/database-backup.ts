import type { TestDatabase } from "./test-database.ts";

/**
 * Copies every table of the service as of one moment, under work or not; `restore` brings all of them back to it and
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
  DECLARE name text;
  BEGIN
    CREATE SCHEMA backup;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
      EXECUTE format('CREATE TABLE backup.%1$I AS TABLE public.%1$I', name);
    END LOOP;
  END $$`;

// Without triggers and foreign keys, as a restore does it: the tables come in any order.
const PUT_BACK_ALL = `
  DO $$
  DECLARE name text;
  BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('public.%I', tablename), ', ')
             FROM pg_tables WHERE schemaname = 'public');
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
      EXECUTE format('INSERT INTO public.%1$I SELECT * FROM backup.%1$I', name);
    END LOOP;
  END $$`;
