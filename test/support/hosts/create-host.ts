import { join } from "node:path";
import { readText } from "../repository.ts";
import type { TestDatabase } from "../test-database.ts";

/** Shops that others made. Each has a declaration in `examples`. */
export const HOSTS = ["vendure", "medusa", "evershop"] as const;

export type HostName = (typeof HOSTS)[number];

/**
 * Creates the tables of a shop like the named one in `public`, with its keys, references, triggers and marks, and fills them
 * with `size` products and as many customers. What these have (variants, orders, sessions, …) follows from their number, so
 * two hosts of one size are equal but for random uuids.
 */
export async function createHost(database: TestDatabase, name: HostName, size = 50): Promise<void> {
  const script = readText(join("test/support/hosts", `${name}.sql`));
  await database.query(script.replaceAll(":size", String(size)));
}
