import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import type { RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import { readKey } from "@bulk/domain/keys/read-key";
import { type Database, inTransaction } from "../database.ts";
import { IS_OPEN } from "../records/count-matching.ts";
import { PLANNED_EACH_TIME, type Sql, sql } from "../sql.ts";
import { findSqlstate } from "../sqlstate.ts";
import { blockOf, hashOf } from "./record-hash.ts";
import { BY_INDEX, newestUnsearchable, type ReadSize } from "./unsearchable.ts";

/** A bulk action that has the record, and what became of it. */
export type RecordHit = {
  readonly bulkActionId: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly actionType: string;
  readonly status: BulkActionStatus;
  readonly createdAt: Date;
  /** In canonical form. */
  readonly recordId: string;
  /** Its index among the bulk action's ids. */
  readonly position: number;
  readonly outcome: RecordOutcome;
  /** The reason, as stored: with its detail. Null if the record was applied, is pending or was not attempted. */
  readonly code: string | null;
};

export type RecordHits = {
  /** The newest bulk action first. */
  readonly hits: readonly RecordHit[];
  /** Whether there are more than the limit. */
  readonly hasMore: boolean;
  /** Whether there may be others that were not found in the time that a search may take. */
  readonly isPartial: boolean;
};

/** What a search reads at most of bulk actions that are not in `record_blocks` yet. 1,000 chunks of 1,000 took 0.05 s. */
const MOST_UNSEARCHABLE: ReadSize = { actions: 5_000, records: 3_000_000 };

/** The most of their chunks. */
const MOST_CHUNKS = 5_000;

/** How many places more than the limit are looked at: other ids may have the same hash. */
const SPARE_PLACES = 100;

/** How long each of the two statements may run. */
const STATEMENT_MS = 1_000;

/**
 * Finds the bulk actions of all accounts that have the record of this id. For operators only.
 *
 * The text may be an id of any type, with spaces around it. Bulk actions that workers have not added to `record_blocks` yet are
 * read themselves, so one is found as soon as it is created; if there are more of them than a search may read,
 * the result is partial.
 */
export async function findRecord(database: Database, text: string, limit: number): Promise<RecordHits> {
  const ids = readIds(text);
  if (ids.length === 0) return { hits: [], hasMore: false, isPartial: false };
  // In this order: what is added to the blocks in between is found twice, not missed.
  const read = await runInTime(database, readUnsearchable(ids, limit));
  const indexed = await runInTime(database, readBlocks(ids, limit));
  const hits = newestFirst([...(read ?? []), ...(indexed ?? [])].filter(isHit));
  const hasMore = hits.length > limit;
  return {
    hits: hits.slice(0, limit),
    hasMore,
    // Of very many places in blocks the newest were looked at.
    isPartial: isCut(read) || indexed === undefined || (isCut(indexed) && !hasMore),
  };
}

function isCut(rows: Rows): boolean {
  return rows === undefined || !rows.every(isHit);
}

/** An id in canonical form, and as a UUID if it is one. */
type SearchedId = { readonly text: string; readonly uuid: string | null };

function readIds(text: string): readonly SearchedId[] {
  const uuid = readKey("uuid", text.trim());
  const texts = new Set([readKey("text", text), readKey("text", text.trim()), uuid]);
  return [...texts].flatMap((id) => (id === undefined ? [] : [{ text: id, uuid: id === uuid ? id : null }]));
}

/** Says that there was more than could be looked at. */
type Cut = { readonly bulkActionId: null };

/** `undefined`: it took too long. */
type Rows = readonly (RecordHit | Cut)[] | undefined;

function isHit(row: RecordHit | Cut): row is RecordHit {
  return row.bulkActionId !== null;
}

function newestFirst(hits: readonly RecordHit[]): readonly RecordHit[] {
  const distinct = new Map(hits.map((hit) => [`${hit.bulkActionId} ${hit.position}`, hit]));
  return [...distinct.values()].sort(
    (one, other) =>
      other.createdAt.getTime() - one.createdAt.getTime() ||
      (one.bulkActionId < other.bulkActionId ? 1 : -1) ||
      one.position - other.position,
  );
}

async function runInTime(database: Database, statement: Sql): Promise<Rows> {
  return await inTransaction(database, async (query) => {
    await query(sql`SELECT set_config('statement_timeout', ${String(STATEMENT_MS)}, true)`);
    await query(BY_INDEX);
    return await query<RecordHit | Cut>(statement);
  }).catch((error: unknown) => {
    if (findSqlstate(error) === "57014") return undefined;
    throw error;
  });
}

function readUnsearchable(ids: readonly SearchedId[], limit: number): Sql {
  return sql`
    WITH picked AS MATERIALIZED (${newestUnsearchable(MOST_UNSEARCHABLE)}),
    place AS MATERIALIZED (
      SELECT picked.id AS bulk_action_id, chunk.position
      FROM picked, LATERAL (
        SELECT position FROM bulk.bulk_action_chunks
        WHERE bulk_action_id = picked.id AND position >= picked.position
        ORDER BY position LIMIT ${MOST_CHUNKS}) AS chunk
      ORDER BY picked.created_at DESC, picked.id DESC, chunk.position LIMIT ${MOST_CHUNKS}
    )
    ${selectHits(ids, limit)}
    UNION ALL
    SELECT ${NO_HIT} WHERE (SELECT count(*) FROM place) = ${MOST_CHUNKS}
      OR (SELECT count(*) FROM picked) < (SELECT count(*) FROM (
            SELECT FROM bulk.bulk_actions WHERE NOT is_searchable LIMIT ${MOST_UNSEARCHABLE.actions + 1}) AS unsearchable)
    ${PLANNED_EACH_TIME}`;
}

// Runs are about as old as their bulk actions, so of very many places those in the newest runs are taken.
function readBlocks(ids: readonly SearchedId[], limit: number): Sql {
  const mostPlaces = limit + SPARE_PLACES;
  return sql`
    WITH searched AS MATERIALIZED (
      SELECT hash, ${blockOf(sql`hash`)} AS block
      FROM unnest(${ids.map(({ text }) => text)}::text[]) AS id, LATERAL (SELECT ${hashOf(sql`id`)} AS hash) AS hashed
    ),
    held AS MATERIALIZED (
      SELECT run.newest_at, block.run_id, block.hashes, block.chunks, searched.hash
      FROM searched JOIN bulk.record_blocks block ON block.block = searched.block
      JOIN bulk.record_runs run ON run.id = block.run_id
      WHERE block.hashes @> ARRAY[searched.hash]
    ),
    entry AS MATERIALIZED (
      SELECT held.newest_at, held.run_id, listed.chunk
      FROM (SELECT * FROM held ORDER BY newest_at DESC, run_id) AS held, unnest(held.hashes, held.chunks) AS listed (hash, chunk)
      WHERE listed.hash = held.hash
      ORDER BY held.newest_at DESC, held.run_id, listed.chunk LIMIT ${mostPlaces}
    ),
    place AS MATERIALIZED (
      SELECT run.bulk_action_ids[chunk] AS bulk_action_id, run.positions[chunk] AS position
      FROM entry JOIN bulk.record_runs run ON run.id = entry.run_id
    )
    ${selectHits(ids, limit)}
    UNION ALL
    SELECT ${NO_HIT} WHERE (SELECT count(*) FROM place) = ${mostPlaces} ${PLANNED_EACH_TIME}`;
}

/** A query for the hits among the chunks of `place`, newest first. */
function selectHits(ids: readonly SearchedId[], limit: number): Sql {
  return sql`(
    SELECT bulk_action.id AS "bulkActionId", bulk_action.account_id AS "accountId", account.name AS "accountName",
           bulk_action.action_type AS "actionType", bulk_action.status, bulk_action.created_at AS "createdAt",
           held.id AS "recordId", chunk.position + held.ordinal - 1 AS position, ${OUTCOME} AS outcome,
           COALESCE(chunk.skipped_codes[skip.ordinal], chunk.failed_codes[failure.ordinal]) AS code
    FROM place, LATERAL (
      SELECT * FROM bulk.bulk_action_chunks
      WHERE bulk_action_id = place.bulk_action_id AND position = place.position OFFSET 0) AS chunk,
    LATERAL (
      SELECT searched.id, CASE WHEN chunk.text_ids IS NULL THEN array_position(chunk.record_ids, searched.uuid)
                               ELSE array_position(chunk.text_ids, searched.id) END AS ordinal
      FROM unnest(${ids.map(({ text }) => text)}::text[], ${ids.map(({ uuid }) => uuid)}::uuid[]) AS searched (id, uuid)
    ) AS held,
    LATERAL (SELECT array_position(chunk.skipped_ids, held.id) AS ordinal) AS skip,
    LATERAL (SELECT array_position(chunk.failed_ids, held.id) AS ordinal) AS failure,
    LATERAL (SELECT * FROM bulk.bulk_actions WHERE id = chunk.bulk_action_id OFFSET 0) AS bulk_action
    JOIN bulk.accounts account ON account.id = bulk_action.account_id
    WHERE held.ordinal IS NOT NULL
    ORDER BY bulk_action.created_at DESC, bulk_action.id DESC, place.position, held.ordinal LIMIT ${limit + 1})`;
}

const OUTCOME = sql`
  CASE WHEN held.ordinal > chunk.done_count THEN CASE WHEN ${IS_OPEN} THEN 'pending' ELSE 'not_attempted' END
       WHEN skip.ordinal IS NOT NULL THEN 'skipped' WHEN failure.ordinal IS NOT NULL THEN 'failed' ELSE 'applied' END`;

const NO_HIT = sql`NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`;
