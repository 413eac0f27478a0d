import { readFile } from "node:fs/promises";
import { Redis } from "ioredis";
import type { BenchEngines } from "./engines.ts";

const PACKAGES = ["bullmq", "express", "graphile-worker", "ioredis", "pg", "pg-boss"];

/** Of everything that was measured. */
export async function readVersions({
  database,
  redis,
}: BenchEngines): Promise<Readonly<Record<string, string>>> {
  const { rows } = await database.query<{ server_version: string }>("SHOW server_version");
  const packages = await Promise.all(PACKAGES.map(async (name) => [name, await readVersion(name)] as const));
  return {
    PostgreSQL: rows[0]?.server_version ?? "unknown",
    Redis: redis === undefined ? "none" : await readRedisVersion(redis.url),
    ...Object.fromEntries(packages),
  };
}

async function readVersion(name: string): Promise<string> {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  const { version }: { version: string } = JSON.parse(await readFile(manifest, "utf8"));
  return version;
}

async function readRedisVersion(url: string): Promise<string> {
  const client = new Redis(url);
  try {
    return /^redis_version:(\S+)/m.exec(await client.info("server"))?.[1] ?? "unknown";
  } finally {
    client.disconnect();
  }
}
