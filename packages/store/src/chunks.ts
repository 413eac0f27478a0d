import { type ChunkFault, type ChunkRemedy, chooseRemedy, MAX_ATTEMPTS } from "@bulk/domain/chunk-failure";
import type { Tally } from "@bulk/domain/outcome";
import type { Database, Queryable } from "./database.ts";
import { type Sql, sql } from "./sql.ts";
import { findChunkFault } from "./sqlstate.ts";

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

/** Which chunks a turn may take: those of one bulk action, while its generation is the current one. */
export type ChunkSource = {
  readonly bulkActionId: string;
  readonly generation: number;
  /** How many records one try may take, the whole chunk when unset; the rest of a chunk is then left free. */
  readonly mostRecords?: number | undefined;
};

/** What became of one try: the records it gave an outcome. */
export type ChunkReport = Tally & { readonly position: number };

/**
 * Takes the next free, healthy chunk, applies the effect to its records and writes down what became of
 * them: one statement, one round trip, one transaction. The row lock is the lease: a chunk another lane
 * works on is passed over, and a worker that dies frees its chunk when its connection goes.
 *
 * Answers `undefined` when no such chunk is free. Throws what the database refused; then nothing changed.
 */
export async function applyNextChunk(
  database: Database,
  source: ChunkSource,
  effect: ChunkEffect,
): Promise<ChunkReport | undefined> {
  const isHealthy = sql`chunk.attempts = 0 AND chunk.slice_size IS NULL`;
  const [report] = await runChunkStatement(database, claim(source, isHealthy), effect);
  return report;
}

/** What the careful path found and did. */
export type CarefulReport =
  | { readonly kind: "none_free" }
  | { readonly kind: "applied"; readonly report: ChunkReport }
  | {
      readonly kind: "set_back";
      readonly position: number;
      readonly fault: ChunkFault;
      readonly remedy: ChunkRemedy;
      readonly message: string;
    };

/**
 * Takes the next free chunk, in trouble or not, and tries it under a savepoint. When the database refuses,
 * the reason is written on the chunk in the same transaction, under the same row lock: try fewer records,
 * try later, or (a single record) give it up as failed.
 *
 * Throws when the error says nothing about the records; then nothing changed.
 */
export async function applyNextChunkCarefully(
  database: Database,
  source: ChunkSource,
  effect: ChunkEffect,
): Promise<CarefulReport> {
  return await database.$transaction(
    async (transaction) => {
      const [chunk] = await lockNextChunk(transaction, source);
      if (chunk === undefined) return { kind: "none_free" };
      // Out of attempts, the records that cause it are singled out one by one: many short waits.
      if (chunk.attempts + 1 >= MAX_ATTEMPTS) await transaction.$executeRaw`SET LOCAL lock_timeout = 250`;
      await transaction.$executeRaw`SAVEPOINT attempt`;
      try {
        const isThisOne = sql`chunk.position = ${chunk.position}`;
        const [report] = await runChunkStatement(transaction, claim(source, isThisOne), effect);
        return report === undefined ? { kind: "none_free" } : { kind: "applied", report };
      } catch (error) {
        const fault = findChunkFault(error);
        if (fault === undefined) throw error;
        await transaction.$executeRaw`ROLLBACK TO SAVEPOINT attempt`;
        const remedy = chooseRemedy(fault, chunk.size, chunk.attempts);
        const message = error instanceof Error ? error.message : String(error);
        await writeRemedy(transaction, source.bulkActionId, chunk.position, remedy, message);
        return { kind: "set_back", position: chunk.position, fault, remedy, message };
      }
    },
    { timeout: CAREFUL_TIMEOUT_MS, maxWait: 5_000 },
  );
}

/** Longer than any two statements may take; Prisma's own default of 5 s would cut slow deletes off. */
const CAREFUL_TIMEOUT_MS = 120_000;

// One row or none: the chunk, locked, with the slice of ids this try takes. It is cut when the one chunk is
// known: further in, the ids of every free chunk would be read, and the more chunks, the slower each.
function claim(source: ChunkSource, condition: Sql): Sql {
  return sql`
    SELECT free.bulk_action_id, free.position, free.account_id,
           free.record_ids[free.done_count + 1
             : free.done_count + LEAST(COALESCE(free.slice_size, free.record_count), ${most(source)})] AS slice
    FROM (SELECT chunk.*, bulk_action.account_id
          FROM bulk_action_chunks chunk
          JOIN bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
          WHERE ${mayTake(source)} AND ${condition}
          ORDER BY chunk.position
          LIMIT 1
          FOR UPDATE OF chunk SKIP LOCKED) AS free`;
}

function lockNextChunk(
  transaction: Queryable,
  source: ChunkSource,
): Promise<readonly { position: number; size: number; attempts: number }[]> {
  return transaction.$queryRaw`
    SELECT chunk.position, chunk.attempts,
           LEAST(COALESCE(chunk.slice_size, chunk.record_count),
                 chunk.record_count - chunk.done_count, ${most(source)}) AS size
    FROM bulk_action_chunks chunk
    JOIN bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
    WHERE ${mayTake(source)}
    ORDER BY chunk.position
    LIMIT 1
    FOR UPDATE OF chunk SKIP LOCKED`;
}

// LEAST passes nulls over.
function most({ mostRecords }: ChunkSource): Sql {
  return sql`${mostRecords ?? null}::int`;
}

function mayTake(source: ChunkSource): Sql {
  return sql`chunk.bulk_action_id = ${source.bulkActionId}::uuid
      AND chunk.finished_at IS NULL
      AND chunk.not_before <= clock_timestamp()
      AND bulk_action.generation = ${source.generation}
      AND bulk_action.cancel_requested_at IS NULL`;
}

/*
 * Effect and outcome commit together or not at all: this is promises 2 and 3. What happens in the shop
 * while it runs is decided by the database: a row deleted meanwhile is not among the applied (and is
 * skipped), a row referenced meanwhile makes the foreign key fail the whole statement.
 * A slice doubles after each success, so a chunk that was halved around a bad record grows back; a try that was
 * kept smaller than the slice proves nothing about more.
 * Most chunks leave nothing over: by the comparison of the counts nobody looks for it then.
 */
function runChunkStatement(
  queryable: Queryable,
  claimed: Sql,
  effect: ChunkEffect,
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
      FROM (SELECT record_id, ordinal, ${effect.skipCode} AS code
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

async function writeRemedy(
  transaction: Queryable,
  bulkActionId: string,
  position: number,
  remedy: ChunkRemedy,
  message: string,
): Promise<void> {
  await transaction.$executeRaw`
    UPDATE bulk_action_chunks SET ${assignments(remedy)}, last_error = left(${message}, 1000)
    WHERE bulk_action_id = ${bulkActionId}::uuid AND position = ${position}`;
}

function assignments(remedy: ChunkRemedy): Sql {
  switch (remedy.kind) {
    case "halve":
      return sql`slice_size = ${remedy.sliceSize}`;
    case "back_off":
      return sql`attempts = attempts + 1,
        not_before = clock_timestamp() + make_interval(secs => ${remedy.delayMs}::float8 / 1000)`;
    case "fail_record":
      return sql`failed_ids = failed_ids || record_ids[done_count + 1],
        failed_codes = failed_codes || ${remedy.code}::text,
        failed_count = failed_count + 1,
        done_count = done_count + 1,
        progressed_at = clock_timestamp(),
        slice_size = 1,
        finished_at = CASE WHEN done_count + 1 = record_count THEN clock_timestamp() END`;
  }
}
