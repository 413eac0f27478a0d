import type { RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import type { Database } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import { countMatching, type RecordFilter } from "./count-matching.ts";

/** The place where a page of records begins. */
export type RecordsPlace = {
  /** The number of all matching records. */
  readonly count: number;
  /** The position of the first chunk to read; `undefined` beyond the last record. */
  readonly from: number | undefined;
  /** The number of matching records in that chunk before the page. */
  readonly skip: number;
};

/**
 * Finds the place of the matching record with this index, without reading ids. Returns `undefined` if the account has
 * no such bulk action.
 */
export async function locateRecords(
  database: Database,
  accountId: string,
  id: string,
  { outcomes, offset }: RecordFilter & { readonly offset: number },
): Promise<RecordsPlace | undefined> {
  const [place] = await database.$queryRaw<{ count: number; from: number | null; skip: number | null }[]>`
    SELECT found.count, found."from", found.skip
    FROM bulk.bulk_actions bulk_action,
         LATERAL (${outcomes === undefined ? locateByPosition(offset) : locateByCounts(outcomes, offset)}) AS found
    WHERE bulk_action.account_id = ${accountId}::uuid AND bulk_action.id = ${id}::uuid`;
  return place && { count: place.count, from: place.from ?? undefined, skip: place.skip ?? 0 };
}

/** Finds the chunk of the first record after this position, and counts all matching records, earlier ones included. */
export async function locateRecordsAfter(
  database: Database,
  accountId: string,
  id: string,
  { outcomes, after }: RecordFilter & { readonly after: number },
): Promise<RecordsPlace | undefined> {
  const [place] = await database.$queryRaw<{ count: number; from: number | null }[]>`
    SELECT found.count, found."from"
    FROM bulk.bulk_actions bulk_action, LATERAL (
      SELECT COALESCE(sum(${countMatching(outcomes)}), 0)::int AS count,
             max(chunk.position) FILTER (WHERE chunk.position <= ${after + 1}) AS "from"
      FROM bulk.bulk_action_chunks chunk WHERE chunk.bulk_action_id = bulk_action.id) AS found
    WHERE bulk_action.account_id = ${accountId}::uuid AND bulk_action.id = ${id}::uuid`;
  return place && { count: place.count, from: place.from ?? undefined, skip: 0 };
}

// Without a filter the index is the position: one look-up in the primary key.
function locateByPosition(offset: number): Sql {
  return sql`
    SELECT bulk_action.record_count AS count, first.position AS "from", ${offset} - first.position AS skip
    FROM (SELECT max(position) AS position FROM bulk.bulk_action_chunks
          WHERE bulk_action_id = bulk_action.id AND position <= ${offset}
            AND ${offset} < bulk_action.record_count) AS first`;
}

// Sums the counts of all chunks: a million ids have about a thousand short rows.
function locateByCounts(outcomes: readonly RecordOutcome[], offset: number): Sql {
  return sql`
    WITH counted AS (
      SELECT chunk.position, ${countMatching(outcomes)} AS count,
             sum(${countMatching(outcomes)}) OVER (ORDER BY chunk.position) AS up_to
      FROM bulk.bulk_action_chunks chunk WHERE chunk.bulk_action_id = bulk_action.id
    ),
    first AS (SELECT * FROM counted WHERE up_to > ${offset} ORDER BY position LIMIT 1)
    SELECT COALESCE((SELECT max(up_to) FROM counted), 0)::int AS count, first.position AS "from",
           (${offset} - (first.up_to - first.count))::int AS skip
    FROM (SELECT) AS one LEFT JOIN first ON true`;
}
