import pg from "pg";
import type { TestDatabase } from "./test-database.ts";

/** Holds rows of a table until they are released. */
export async function lockRows(
  database: Pick<TestDatabase, "url">,
  table: string,
  ids: readonly string[],
): Promise<AsyncDisposable & { release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("BEGIN");
  await client.query(`SELECT FROM ${table} WHERE id = ANY($1::uuid[]) FOR UPDATE`, [ids]);
  return {
    async release() {
      await client.end();
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Holds whole tables, in every mode, until they are released. */
export async function lockTables(
  database: Pick<TestDatabase, "url">,
  tables: readonly string[],
): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: database.url, application_name: "test" });
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${tables.join(", ")}`);
  return { [Symbol.asyncDispose]: () => client.end() };
}

/** How many sessions wait for what this one holds. Asked by another session: one in a transaction sees no newer ones. */
export async function countWaitingFor(
  database: Pick<TestDatabase, "query">,
  holder: pg.Client,
): Promise<number> {
  const { rows } = await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const waiting = await database.query(
    "SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))",
    [rows[0]?.pid],
  );
  return waiting.length;
}
