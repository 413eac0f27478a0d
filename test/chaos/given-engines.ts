import { randomBytes } from "node:crypto";
import { createSampleShop } from "@bulk/local/sample-shop/create-sample-shop";
import { migrate } from "@bulk/migration/migrate";
import { connectRedis } from "@bulk/queue/engines/connection";
import { migrateQueue } from "@bulk/queue/engines/migrate-queue";
import pg from "pg";
import type { ChaosEngines } from "./arena.ts";

/**
 * Servers that somebody else runs. Creates a database of the run's own, which is dropped afterwards, and uses
 * a Redis database only if it is empty; whatever else is on the servers is left alone. Needs the right to
 * create databases.
 */
export async function openGivenEngines(databaseUrl: string, redisUrl?: string): Promise<ChaosEngines> {
  const flushRedis = redisUrl === undefined ? undefined : await claimRedis(redisUrl);
  const name = `chaos_${randomBytes(6).toString("hex")}`;
  await administer(databaseUrl, `CREATE DATABASE ${name}`);
  const url = new URL(databaseUrl);
  url.pathname = name;
  async function dispose(): Promise<void> {
    await administer(databaseUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    await flushRedis?.();
  }
  try {
    await migrate(url.href);
    await createSampleShop(url.href);
    await migrateQueue(url.href);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { databaseUrl: url.href, redisUrl, flushRedis, [Symbol.asyncDispose]: dispose };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function claimRedis(url: string): Promise<() => Promise<void>> {
  const size = await say(url, "DBSIZE");
  if (size !== 0) {
    throw new Error(
      `The Redis database holds ${size} keys, and this would delete them. Name an empty one: …/15`,
    );
  }
  return async () => {
    await say(url, "FLUSHDB");
  };
}

async function say(url: string, command: "DBSIZE" | "FLUSHDB"): Promise<unknown> {
  const redis = connectRedis({ kind: "server", url }, "worker", () => undefined);
  try {
    return await redis.call(command);
  } finally {
    redis.disconnect();
  }
}
