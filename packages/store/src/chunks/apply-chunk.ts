import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import { type Database, type Queryable, queryDirectly } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import {
  applying,
  type ChunkEffect,
  findingCandidates,
  following,
  isApplicable,
  recordsOf,
  refusingIncomplete,
} from "./chunk-effect.ts";
import { type ChunkSource, claim, type SliceLimits } from "./claim-chunk.ts";
import { UNEXPLAINED } from "./explain-skips.ts";
import { keeping } from "./keep-rows.ts";
import { asKey, keyOrder } from "./key-column.ts";

/** The result of one try: how many records got which outcome. */
export type ChunkReport = Tally & { readonly position: number };

/**
 * Takes the next free, healthy chunk, applies the effect to its records and writes their outcomes: one statement, one
 * round trip, one transaction. The row lock is the lease: a chunk under work in another lane is skipped, and a worker
 * that dies frees its chunk when its connection closes.
 *
 * Returns `undefined` if no such chunk is free. Throws if the database refuses the statement, or if a record was left
 * over for no known reason. Nothing has changed then; `applyNextChunkCarefully` finds the cause.
 */
export async function applyNextChunk(
  database: Database,
  source: ChunkSource,
  effect: ChunkEffect,
): Promise<ChunkReport | undefined> {
  const [report] = await queryDirectly<ChunkReport>(database, composeFastStatement(source, effect));
  return report;
}

/** The statement of `applyNextChunk`. */
export function composeFastStatement(source: ChunkSource, effect: ChunkEffect): Sql {
  const isHealthy = sql`chunk.attempts = 0 AND chunk.slice_size IS NULL`;
  const claimed = claim({ source, condition: isHealthy, type: effect.key.type });
  return composeChunkStatement(claimed, effect, REFUSE_UNEXPLAINED);
}

// The cast fails the statement. It is evaluated only for an unexplained record.
const REFUSE_UNEXPLAINED = sql`('bulk action tried again carefully, nothing explains why this record stayed: ' || bulk_record_id)::int::text`;

/**
 * Applies the effect to one chunk that the transaction has locked. Skips without a known reason get the code
 * `record.unexplained`.
 */
export async function applyChunk(
  transaction: Queryable,
  source: ChunkSource,
  {
    position,
    effect,
    limits,
  }: { readonly position: number; readonly effect: ChunkEffect; readonly limits: SliceLimits },
): Promise<ChunkReport | undefined> {
  const claimed = claim({
    source: { ...source, ...limits },
    condition: sql`chunk.position = ${position}`,
    type: effect.key.type,
    offset: limits.offset,
  });
  const statement = composeChunkStatement(claimed, effect, UNEXPLAINED);
  const [report] = await transaction.$queryRaw<ChunkReport[]>(statement);
  return report;
}

/*
 * Effect and outcomes commit together or not at all (promises 2 and 3). The database decides about concurrent changes:
 * a row deleted meanwhile is not applied but skipped; a row referenced meanwhile fails the whole statement through the
 * foreign key.
 *
 * A slice doubles after each success, so a chunk that was halved around a bad record grows back. A try that was kept
 * smaller than the slice proves nothing about a larger one.
 *
 * Most chunks leave no record over; the comparison of the counts saves them the search. A record that is left over
 * although the condition held when the statement began was deleted by another session, or kept by a trigger or policy.
 * This statement cannot see which (docs/decisions/024).
 */
function composeChunkStatement(claimed: Sql, effect: ChunkEffect, unexplained: Sql): Sql {
  return sql`
    WITH claimed AS (${claimed}),
    chunk_records AS (
      SELECT ${asKey(effect.key.type, SLICED_ID)} AS bulk_record_id, claimed.account_id AS bulk_account_id,
             claimed.account_key AS bulk_account_key, slice.ordinal AS bulk_ordinal
      FROM claimed CROSS JOIN unnest(claimed.slice) WITH ORDINALITY AS slice (record_id, ordinal)
      ORDER BY ${keyOrder(effect.key.type, SLICED_ID)}
    ),
    ${findingCandidates(effect)}
    changed AS (${applying(effect)}
    ),
    applied AS (SELECT * FROM changed WHERE bulk_is_applied),
    ${following(effect)}
    ${keeping(effect)}
    effected AS (SELECT count(*)::int AS count FROM applied),
    skipped AS (
      SELECT count(*)::int AS count,
             COALESCE(array_agg(bulk_record_id::text ORDER BY bulk_ordinal), '{}') AS ids,
             COALESCE(array_agg(code ORDER BY bulk_ordinal), '{}') AS codes
      FROM (SELECT bulk_record_id, bulk_ordinal,
                   CASE WHEN EXISTS (
                     SELECT FROM ${recordsOf(effect)}
                     WHERE ${isApplicable(effect)}
                   ) THEN ${unexplained}
                   ELSE ${effect.skipCode} END AS code
            FROM chunk_records
            WHERE (SELECT count FROM effected) < (SELECT cardinality(slice) FROM claimed)
              AND NOT EXISTS (SELECT FROM applied WHERE applied.bulk_record_id = chunk_records.bulk_record_id)
           ) AS left_over
    )
    UPDATE bulk.bulk_action_chunks chunk SET
      done_count = chunk.done_count + cardinality(claimed.slice),
      deleted_count = chunk.deleted_count + effected.count,
      skipped_count = chunk.skipped_count + skipped.count,
      skipped_ids = chunk.skipped_ids || skipped.ids,
      skipped_codes = chunk.skipped_codes || skipped.codes,
      progressed_at = clock_timestamp(),
      slice_size = CASE WHEN cardinality(claimed.slice) < chunk.slice_size THEN chunk.slice_size
                        WHEN chunk.slice_size * 2 < chunk.record_count THEN chunk.slice_size * 2 END,
      finished_at = CASE WHEN chunk.done_count + cardinality(claimed.slice) = chunk.record_count
                         THEN clock_timestamp() END
    FROM claimed, skipped, effected
    WHERE chunk.bulk_action_id = claimed.bulk_action_id AND chunk.position = claimed.position
      ${refusingIncomplete(effect)}
    RETURNING chunk.position, effected.count AS applied, skipped.count AS skipped, 0 AS failed`;
}

const SLICED_ID = sql`slice.record_id`;
