import { applyNextChunk } from "@bulk/store/chunks/apply-chunk";
import type { Database } from "@bulk/store/database";
import type pg from "pg";
import type { BenchEngines } from "../engines.ts";
import type { Contestant } from "./contestants.ts";
import { markByHand } from "./mark-by-hand.ts";
import { createTables, type Keyed } from "./tables.ts";

/** What a worker uses on one bulk action with default settings: WINDOW lanes, CHUNK_SIZE ids at a time. */
export const [CONNECTIONS, CHUNK_SIZE] = [4, 1_000];

export type Ground = {
  readonly engines: BenchEngines;
  /** For the chunk statement, and for what is written by hand. */
  readonly database: Database;
  readonly byHand: pg.Pool;
  readonly accountId: string;
};

/** A contestant with a bulk action on tables of its own. */
export type Prepared = {
  readonly name: string;
  /** Applies the next chunk. Throws if none is left. */
  applyNext(): Promise<void>;
  /** Throws unless all records were changed. Drops the tables. */
  finish(): Promise<void>;
};

/** Creates the tables, and a bulk action with all their records in a random order. */
export async function prepare(ground: Ground, contestant: Contestant, chunks: number): Promise<Prepared> {
  const { database } = ground.engines;
  const { name, keyed, children, action } = contestant;
  const size = { accountId: ground.accountId, count: chunks * CHUNK_SIZE, children };
  await database.query(createTables(name, keyed, size));
  const id = await submit(ground, contestant, chunks);
  return {
    name,
    applyNext: action === undefined ? await openByHand(ground, name, id) : openChunks(ground, id, action),
    async finish() {
      await assertAll(ground, contestant);
      await database.query(`DROP SCHEMA ${name} CASCADE`);
    },
  };
}

async function submit(
  { engines, accountId }: Ground,
  { name, keyed, action }: Contestant,
  chunks: number,
): Promise<string> {
  const { rows } = await engines.database.query<{ id: string }>(
    `WITH action AS (INSERT INTO bulk.bulk_actions (account_id, action_type, record_count) VALUES ($1, $2, $3) RETURNING id),
     numbered AS (SELECT id, row_number() OVER (ORDER BY random()) - 1 AS n FROM ${name}.goods),
     chunks AS (
       INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, ${columnOf(keyed)}, record_count)
       SELECT action.id, n / ${CHUNK_SIZE} * ${CHUNK_SIZE}, array_agg(numbered.id${castOf(keyed)}), count(*)
       FROM action, numbered GROUP BY action.id, n / ${CHUNK_SIZE})
     SELECT id FROM action`,
    [accountId, action?.type ?? "by_hand", chunks * CHUNK_SIZE],
  );
  return String(rows[0]?.id);
}

function columnOf({ type }: Keyed): string {
  return type === "uuid" ? "record_ids" : "text_ids";
}

function castOf({ type }: Keyed): string {
  return type === "uuid" ? "" : "::text";
}

function openChunks(
  { database }: Ground,
  id: string,
  action: NonNullable<Contestant["action"]>,
): Prepared["applyNext"] {
  const source = { bulkActionId: id, actionType: action.type, generation: 1 };
  return async () => {
    if ((await applyNextChunk(database, source, action)) === undefined) throw new Error("No chunk is left.");
  };
}

async function openByHand(
  { engines, byHand, accountId }: Ground,
  schema: string,
  id: string,
): Promise<Prepared["applyNext"]> {
  const { rows } = await engines.database.query<{ ids: string }>(
    "SELECT record_ids::text AS ids FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1",
    [id],
  );
  const now = new Date();
  return async () => {
    const chunk = rows.pop();
    if (chunk === undefined) throw new Error("No chunk is left.");
    await markByHand(byHand, schema, { accountId, ids: chunk.ids, now });
  };
}

// Both ways of marking are held to the same work.
async function assertAll({ engines }: Ground, { name }: Contestant): Promise<void> {
  for (const table of ["goods", "variant"]) {
    const { rows } = await engines.database.query<{ left: number }>(
      `SELECT count(*)::int AS left FROM ${name}.${table} WHERE deleted_at IS NULL`,
    );
    if (rows[0]?.left !== 0) throw new Error(`${name}: ${rows[0]?.left} rows of ${table} were not changed.`);
  }
}
