import type { Tally } from "@bulk/domain/outcome";
import type { Database, Queryable } from "./database.ts";
import { type Sql, sql } from "./sql.ts";

/**
 * What an action does to the records of a chunk, in pieces of SQL. All may read the common table expression
 * `chunk_records (account_id, record_id)`, one row per record, sorted by id so that two statements that meet
 * lock in the same order.
 */
export type ChunkEffect = {
  /** The table of the records; its key is the column `id`. */
  readonly table: Sql;
  /** The data-modifying statement up to its WHERE, `chunk_records` already beside the table. */
  readonly change: Sql;
  /** A condition over a row of the table and one of `chunk_records`: this record may be changed. */
  readonly condition: Sql;
  /** An expression over a row of `chunk_records` the effect did not apply to: its skip code. */
  readonly skipCode: Sql;
};

/** The change itself, with the column `id`: the records it applied to. */
export function applying({ table, change, condition }: ChunkEffect): Sql {
  return sql`${change} WHERE ${condition} RETURNING ${table}.id`;
}

/**
 * Which chunks a turn may take: those of one bulk action, while its generation is the current one. A turn says itself what
 * is to be done to them, and anybody may have put it into the queue: so the type must be that of the bulk action.
 */
export type ChunkSource = {
  readonly bulkActionId: string;
  readonly actionType: string;
  readonly generation: number;
  /** How many records one try may take, the whole chunk when unset; the rest of a chunk is then left free. */
  readonly mostRecords?: number | undefined;
};

/** Which records of a chunk's next slice a try takes; all of them, unless this says otherwise. */
export type SliceLimits = Pick<ChunkSource, "mostRecords"> & {
  /** How many it passes over first. */
  readonly offset?: number;
};

/** What became of one try: the records it gave an outcome. */
export type ChunkReport = Tally & { readonly position: number };

/**
 * Takes the next free, healthy chunk, applies the effect to its records and writes down what became of
 * them: one statement, one round trip, one transaction. The row lock is the lease: a chunk another lane
 * works on is passed over, and a worker that dies frees its chunk when its connection goes.
 *
 * Answers `undefined` when no such chunk is free. Throws what the database refused, or on purpose when a record was
 * left over for no known reason; then nothing changed, and `applyNextChunkCarefully` finds out more.
 */
export async function applyNextChunk(
  database: Database,
  source: ChunkSource,
  effect: ChunkEffect,
): Promise<ChunkReport | undefined> {
  const isHealthy = sql`chunk.attempts = 0 AND chunk.slice_size IS NULL`;
  const [report] = await runChunkStatement(database, claim(source, isHealthy), effect, REFUSE_UNEXPLAINED);
  return report;
}

// What cannot be cast fails the statement; only evaluated for such a record.
const REFUSE_UNEXPLAINED = sql`
  ('bulk action tried again carefully, nothing explains why this record stayed: ' || record_id)::int::text`;

/** The same for one chunk, whose row lock the transaction has; skips without a reason get the code `unexplained`. */
export async function applyChunk(
  transaction: Queryable,
  source: ChunkSource,
  {
    position,
    effect,
    limits,
  }: { readonly position: number; readonly effect: ChunkEffect; readonly limits: SliceLimits },
): Promise<ChunkReport | undefined> {
  const claimed = claim({ ...source, ...limits }, sql`chunk.position = ${position}`, limits.offset);
  const [report] = await runChunkStatement(transaction, claimed, effect, UNEXPLAINED);
  return report;
}

/** Never committed. */
const UNEXPLAINED = sql`'record.unexplained'`;

// One row or none: the chunk, locked, with the slice of ids this try takes. It is cut when the one chunk is
// known: further in, the ids of every free chunk would be read, and the more chunks, the slower each.
function claim(source: ChunkSource, condition: Sql, offset = 0): Sql {
  return sql`
    SELECT free.bulk_action_id, free.position, free.account_id,
           free.record_ids[free.done_count + 1 + ${offset}::int
             : free.done_count + ${offset}::int
               + LEAST(COALESCE(free.slice_size, free.record_count), ${most(source)})] AS slice
    FROM (SELECT chunk.*, bulk_action.account_id
          FROM bulk_action_chunks chunk
          JOIN bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
          WHERE ${mayTake(source)} AND ${condition}
          ORDER BY chunk.position
          LIMIT 1
          FOR UPDATE OF chunk SKIP LOCKED) AS free`;
}

/** How many records a try may take at most, or null, which LEAST passes over. */
export function most({ mostRecords }: SliceLimits): Sql {
  return sql`${mostRecords ?? null}::int`;
}

/** A condition over `bulk_action_chunks chunk` and its `bulk_action`: a turn may take the chunk now. */
export function mayTake(source: ChunkSource): Sql {
  return sql`chunk.bulk_action_id = ${source.bulkActionId}::uuid
      AND chunk.finished_at IS NULL
      AND chunk.not_before <= clock_timestamp()
      AND bulk_action.action_type = ${source.actionType}
      AND bulk_action.generation = ${source.generation}
      AND bulk_action.cancel_requested_at IS NULL`;
}

/*
 * Effect and outcome commit together or not at all: this is promises 2 and 3. What happens in the shop
 * while it runs is decided by the database: a row deleted meanwhile is not among the applied (and is
 * skipped), a row referenced meanwhile makes the foreign key fail the whole statement.
 * A slice doubles after each success, so a chunk that was halved around a bad record grows back; a try that was
 * kept smaller than the slice proves nothing about more.
 * Most chunks leave nothing over: by the comparison of the counts nobody looks for it then. What is left over
 * although the condition held when the statement began was deleted by somebody else meanwhile, or kept by a trigger or
 * policy: this statement cannot see which (docs/decisions/024).
 */
function runChunkStatement(
  queryable: Queryable,
  claimed: Sql,
  effect: ChunkEffect,
  unexplained: Sql,
): Promise<readonly ChunkReport[]> {
  return queryable.$queryRaw`
    WITH claimed AS (${claimed}),
    chunk_records AS (
      SELECT claimed.account_id, slice.record_id, slice.ordinal
      FROM claimed CROSS JOIN unnest(claimed.slice) WITH ORDINALITY AS slice (record_id, ordinal)
      ORDER BY slice.record_id
    ),
    applied AS (${applying(effect)}),
    deleted AS (SELECT count(*)::int AS count FROM applied),
    skipped AS (
      SELECT count(*)::int AS count,
             COALESCE(array_agg(record_id ORDER BY ordinal), '{}') AS ids,
             COALESCE(array_agg(code ORDER BY ordinal), '{}') AS codes
      FROM (SELECT record_id, ordinal,
                   CASE WHEN EXISTS (SELECT FROM ${effect.table} WHERE ${effect.condition})
                        THEN ${unexplained} ELSE ${effect.skipCode} END AS code
            FROM chunk_records
            WHERE (SELECT count FROM deleted) < (SELECT cardinality(slice) FROM claimed)
              AND NOT EXISTS (SELECT FROM applied WHERE applied.id = chunk_records.record_id)) AS left_over
    )
    UPDATE bulk_action_chunks chunk SET
      done_count = chunk.done_count + cardinality(claimed.slice),
      deleted_count = chunk.deleted_count + deleted.count,
      skipped_count = chunk.skipped_count + skipped.count,
      skipped_ids = chunk.skipped_ids || skipped.ids,
      skipped_codes = chunk.skipped_codes || skipped.codes,
      progressed_at = clock_timestamp(),
      slice_size = CASE WHEN cardinality(claimed.slice) < chunk.slice_size THEN chunk.slice_size
                        WHEN chunk.slice_size * 2 < chunk.record_count THEN chunk.slice_size * 2 END,
      finished_at = CASE WHEN chunk.done_count + cardinality(claimed.slice) = chunk.record_count
                         THEN clock_timestamp() END
    FROM claimed, skipped, deleted
    WHERE chunk.bulk_action_id = claimed.bulk_action_id AND chunk.position = claimed.position
    RETURNING chunk.position, deleted.count AS deleted, skipped.count AS skipped, 0 AS failed`;
}

/**
 * Looks again at the records that were left over without a reason, and writes down what is seen now, after the
 * statement that left them: what is still there, and nothing in its way, was kept by the database's own rules.
 */
export async function explainSkips(
  transaction: Queryable,
  { bulkActionId }: ChunkSource,
  position: number,
  effect: ChunkEffect,
): Promise<void> {
  await transaction.$executeRaw`
    WITH skips AS (
      SELECT account_id, record_id, code, ordinal
      FROM bulk_action_chunks chunk
      JOIN bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
      CROSS JOIN unnest(skipped_ids, skipped_codes) WITH ORDINALITY AS skip (record_id, code, ordinal)
      WHERE chunk.bulk_action_id = ${bulkActionId}::uuid AND position = ${position}
    ),
    chunk_records AS (SELECT account_id, record_id, ordinal FROM skips WHERE code = ${UNEXPLAINED}),
    explained AS (
      SELECT ordinal, CASE WHEN EXISTS (SELECT FROM ${effect.table} WHERE ${effect.condition})
                           THEN 'record.kept' ELSE ${effect.skipCode} END AS code
      FROM chunk_records
    )
    UPDATE bulk_action_chunks SET skipped_codes = (
      SELECT array_agg(COALESCE(explained.code, skips.code) ORDER BY ordinal)
      FROM skips LEFT JOIN explained USING (ordinal))
    WHERE bulk_action_id = ${bulkActionId}::uuid AND position = ${position}
      AND ${UNEXPLAINED} = ANY (skipped_codes)`;
}
