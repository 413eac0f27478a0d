import { setTimeout as wait } from "node:timers/promises";
import type { Action } from "@bulk/actions/action";
import type { Expectation } from "@bulk/catalog/expected/list-expectations";
import { createLogger } from "@bulk/service/process/logger";
import { createBulkAction } from "@bulk/store/bulk-actions/create-bulk-action";
import { markStarted } from "@bulk/store/bulk-actions/record-activity";
import { applyNextChunk } from "@bulk/store/chunks/apply-chunk";
import { applyNextChunkCarefully } from "@bulk/store/chunks/careful-chunk";
import { type Database, openDatabase } from "@bulk/store/database";
import { readRecordIds } from "@bulk/store/record-ids/read-record-ids";
import { findSqlstate } from "@bulk/store/sqlstate";
import { openSafetyCatch, type SafetyCatch } from "@bulk/worker/safety/safety-catch";
import type { HostSubmission, Shop } from "./generator/host.ts";
import type { Client } from "./oracle/tables.ts";

/** What the service did with one submission. */
export type Served = {
  readonly actionId: string;
  /** The moment of the action, as PostgreSQL prints it in UTC. */
  readonly moment: string | undefined;
  /** Of an action type that the safety catch holds, each id is `held`. */
  readonly outcomes: ReadonlyMap<string, string>;
  /** The ids that got their outcomes together, in one statement, in order. */
  readonly slices: readonly (readonly string[])[];
};

/** A shop's declaration, as a worker has it. */
export type Compiled = {
  readonly actions: readonly Action[];
  readonly expectations: readonly Expectation[];
};

type Judgement = Awaited<ReturnType<SafetyCatch["judge"]>>;

/** So small that every action has several. */
const CHUNK_SIZE = 7;

/** Lets the service's statements carry out the submissions of a shop, one after the other, as a worker would. */
export async function serveSubmissions(
  serviceUrl: string,
  superuser: Client,
  shop: Shop,
  { actions, expectations }: Compiled,
): Promise<readonly Served[]> {
  const database = openDatabase({
    ...{ url: serviceUrl, applicationName: "shops", poolSize: 2 },
    ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
  });
  const safetyCatch = openSafetyCatch({ database, expectations, logger, onError: fail });
  try {
    const served: Served[] = [];
    for (const submission of shop.submissions) {
      const action = actions.find(({ type }) => type === submission.actionType);
      if (action === undefined) throw new Error(`No action ${submission.actionType} was compiled.`);
      const verdict = await safetyCatch.judge(action.type);
      served.push(await serve({ database, superuser, submission, action, verdict }));
    }
    return served;
  } finally {
    await safetyCatch.stop();
    await database.$disconnect();
  }
}

const logger = createLogger({ name: "shops", level: "silent" });

function fail(error: unknown): never {
  throw error;
}

type Order = {
  readonly database: Database;
  readonly superuser: Client;
  readonly submission: HostSubmission;
  readonly action: Action;
  readonly verdict: Judgement;
};

async function serve({ database, superuser, submission, action, verdict }: Order): Promise<Served> {
  const { accountId, ids } = submission;
  const recordIds = readRecordIds(action.key.type, ids);
  if (recordIds === undefined) throw new Error("The service does not read an id that the shop has.");
  const creation = await createBulkAction(database, {
    ...{ accountId, actionType: action.type, recordIds, chunkSize: CHUNK_SIZE, restoreDays: 0 },
    ...{ createdByTokenId: undefined, maxOpen: 1_000, idempotencyKey: undefined },
  });
  if (creation.kind !== "created") throw new Error("There was a bulk action already.");
  const { id } = creation.bulkAction;
  if (verdict.kind === "held") {
    return {
      ...(await readServed(superuser, id)),
      outcomes: new Map(ids.map((one) => [one, "held"])),
      slices: [],
    };
  }
  await markStarted(database, id, 1);
  const guard = verdict.kind === "fits" ? verdict.guard : undefined;
  const source = { bulkActionId: id, actionType: action.type, generation: 1, guard };
  const slices: (readonly string[])[] = [];
  const done = new Map<number, number>();
  for (let isLeft = true; isLeft; ) {
    isLeft = await tryChunk(database, source, action);
    slices.push(...(await readSlices(superuser, id, done)));
  }
  return { ...(await readServed(superuser, id)), slices };
}

type Source = Parameters<typeof applyNextChunk>[1];

/** Returns whether anything may be left to do. */
async function tryChunk(database: Database, source: Source, action: Action): Promise<boolean> {
  try {
    if ((await applyNextChunk(database, source, action)) !== undefined) return true;
  } catch (error) {
    if (findSqlstate(error) === undefined) throw error;
  }
  const careful = await applyNextChunkCarefully(database, source, action);
  if (careful.kind === "not_concluded") throw careful.error;
  if (careful.kind !== "none_free") return true;
  const [open] = await database.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM bulk.bulk_action_chunks
    WHERE bulk_action_id = ${source.bulkActionId}::uuid AND finished_at IS NULL`;
  // Chunks that back off are due soon.
  await wait(open?.count === 0 ? 0 : 50);
  return open?.count !== 0;
}

/** The ids of each chunk that have got an outcome since the last look. */
async function readSlices(superuser: Client, actionId: string, done: Map<number, number>) {
  const { rows } = await superuser.query<{ position: number; count: number; ids: readonly string[] }>(
    `SELECT position, done_count AS count, COALESCE(text_ids, record_ids::text[]) AS ids
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 ORDER BY position`,
    [actionId],
  );
  return rows.flatMap(({ position, count, ids }) => {
    const before = done.get(position) ?? 0;
    done.set(position, count);
    return count > before ? [ids.slice(before, count)] : [];
  });
}

type ChunkRow = {
  readonly ids: readonly string[];
  readonly skipped_ids: readonly string[];
  readonly skipped_codes: readonly string[];
  readonly failed_ids: readonly string[];
  readonly failed_codes: readonly string[];
};

// From the tables themselves, not by the service's readers.
async function readServed(superuser: Client, actionId: string): Promise<Omit<Served, "slices">> {
  const { rows } = await superuser.query<ChunkRow>(
    `SELECT COALESCE(text_ids, record_ids::text[]) AS ids, skipped_ids::text[], skipped_codes,
       failed_ids::text[], failed_codes
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 AND done_count = record_count ORDER BY position`,
    [actionId],
  );
  const outcomes = new Map<string, string>();
  for (const row of rows) {
    for (const id of row.ids) outcomes.set(id, "applied");
    for (const [index, id] of row.skipped_ids.entries()) outcomes.set(id, row.skipped_codes[index] ?? "");
    for (const [index, id] of row.failed_ids.entries()) outcomes.set(id, row.failed_codes[index] ?? "");
  }
  const action = await superuser.query<{ moment: string }>(
    "SELECT created_at::text AS moment FROM bulk.bulk_actions WHERE id = $1",
    [actionId],
  );
  return { actionId, moment: action.rows[0]?.moment, outcomes };
}
