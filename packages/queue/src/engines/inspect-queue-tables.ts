import { connectClient, createClient } from "@bulk/postgres/connect";
import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, SchemaMigrationRequiredError } from "bullmq";
import type pg from "pg";
import { QUEUE_SCHEMA } from "./connection.ts";

/** The state of BullMQ's tables in the database. A version is the number of BullMQ's migrations; 0: no tables. */
export type QueueTables = {
  readonly version: number;
  /** The version that this BullMQ migrates to. */
  readonly wanted: number;
  /** Schema, tables and sequences for which the user of the URL lacks a privilege that BullMQ needs. */
  readonly closed: readonly string[];
  /** Whether connections of the queue get their `search_path`, which they request when they connect. */
  readonly isFound: boolean;
};

/** Reads the state and changes nothing. Throws when the tables are of an incompatible BullMQ. */
export async function inspectQueueTables(databaseUrl: string): Promise<QueueTables> {
  const options = {
    url: databaseUrl,
    applicationName: "bulk-actions-admin",
    onlySchema: QUEUE_SCHEMA,
    queryTimeoutMs: 5_000,
  };
  const client = createClient(options);
  client.on("error", () => undefined);
  try {
    await connectClient(client, options);
    const closed = await findClosed(client);
    const version = closed.length > 0 ? LATEST_SCHEMA_VERSION : await readVersion(client);
    return { version, wanted: LATEST_SCHEMA_VERSION, closed, isFound: await hasSearchPath(client) };
  } catch (error) {
    // The message is that of PgBouncer.
    if (!/unsupported startup parameter/.test(String(error))) throw error;
    return { version: 0, wanted: LATEST_SCHEMA_VERSION, closed: [], isFound: false };
  } finally {
    await client.end();
  }
}

async function readVersion(client: pg.Client): Promise<number> {
  try {
    return await assertSchemaCompatibility(client);
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  }
}

async function hasSearchPath(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ path: string }>("SELECT current_setting('search_path') AS path");
  return rows[0]?.path === "bullmq";
}

// BullMQ creates a sequence for each queue, and reads it with every job.
async function findClosed(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT 'schema ' || nspname AS name FROM pg_namespace
    WHERE nspname = 'bullmq' AND NOT (has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE'))
    UNION ALL
    SELECT relname FROM pg_class
    WHERE relnamespace = to_regnamespace('bullmq') AND CASE relkind
      WHEN 'S' THEN NOT has_sequence_privilege(oid, 'USAGE')
      WHEN 'r' THEN NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
        AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
      ELSE false END`);
  return rows.map((row) => row.name);
}
