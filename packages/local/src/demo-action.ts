import { setTimeout as wait } from "node:timers/promises";
import type { Tally } from "@bulk/domain/outcome";
import { type Database, openDatabase } from "@bulk/store/database";
import { countReasons, readTally } from "@bulk/store/tally";
import { z } from "zod";
import { startProgress } from "./progress.ts";

export type DemoOptions = {
  readonly apiUrl: string;
  readonly token: string;
  /** Where the live count comes from; the base contract has no progress. */
  readonly databaseUrl: string;
  readonly recordIds: readonly string[];
};

/** How the bulk action of the demo ended. */
export type DemoAction = {
  readonly id: string;
  readonly status: string;
  readonly tally: Tally;
  readonly reasons: readonly { readonly code: string; readonly count: number }[];
  readonly seconds: number;
};

const wireAction = z.object({ id: z.string(), status: z.string() });

/** Submits one bulk action over HTTP, shows its progress, waits for its end. */
export async function runDemoAction(options: DemoOptions): Promise<DemoAction> {
  const database = openDatabase({
    url: options.databaseUrl,
    applicationName: "bulk-actions-demo",
    poolSize: 1,
    lockTimeoutMs: 2_000,
    statementTimeoutMs: 10_000,
  });
  try {
    return await followAction(options, database);
  } finally {
    await database.$disconnect();
  }
}

async function followAction(options: DemoOptions, database: Database): Promise<DemoAction> {
  const startedAt = performance.now();
  const submitted = await call(options, "", {
    bulk_action: { action_type: "delete_products", record_ids: options.recordIds },
  });
  const progress = startProgress(options.recordIds.length);
  let { id, status } = submitted;
  while (status === "pending" || status === "processing") {
    // Well within the limit of requests a token has.
    await wait(100);
    const { deleted, skipped, failed } = await readTally(database, id);
    progress.show(deleted + skipped + failed);
    ({ id, status } = await call(options, `/${id}`, undefined));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const tally = await readTally(database, id);
  progress.end(tally.deleted + tally.skipped + tally.failed);
  return { id, status, tally, reasons: await countReasons(database, id), seconds };
}

async function call({ apiUrl, token }: DemoOptions, path: string, body: unknown) {
  const response = await fetch(`${apiUrl}/v1/bulk_actions${path}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`The API answered ${response.status}: ${await response.text()}`);
  return wireAction.parse(await response.json());
}
