import { runMigrations } from "bullmq";
import pg from "pg";

/** Creates or upgrades BullMQ's tables (schema `bullmq`); does nothing when they are current. */
export async function migrateQueue(databaseUrl: string): Promise<void> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "bulk-actions-migrate",
    connectionTimeoutMillis: 5_000,
  });
  await client.connect();
  try {
    await runMigrations(client);
  } finally {
    await client.end();
  }
}
