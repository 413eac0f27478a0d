import { connectClient, createClient } from "@bulk/postgres/connect";
import { UNLIMITED } from "@bulk/postgres/pinned-settings";
import { runMigrations } from "bullmq";
import { QUEUE_SCHEMA } from "./connection.ts";

/** Creates or upgrades BullMQ's tables (schema `bullmq`); does nothing when they are current. */
export async function migrateQueue(databaseUrl: string): Promise<void> {
  const options = {
    url: databaseUrl,
    applicationName: "bulk-actions-migrate",
    onlySchema: QUEUE_SCHEMA,
    settings: UNLIMITED,
  };
  const client = createClient(options);
  await connectClient(client, options);
  try {
    await runMigrations(client);
  } finally {
    await client.end();
  }
}
