import type { Database } from "../database.ts";
import { DONE_IDS, listedIds, parseIds } from "../record-ids/chunk-ids.ts";
import { sql } from "../sql.ts";

/** A page of the records that a bulk action applied to: those of one chunk, in the order submitted. */
export type AppliedPage = {
  readonly records: readonly AppliedRecord[];
  /** The index where the next page starts; `null` on the last page. */
  readonly nextPosition: number | null;
};

/** A record that the bulk action applied to, and its index in the bulk action. */
export type AppliedRecord = { readonly id: string; readonly position: number };

/**
 * Finds the applied records of the first chunk that has any at `position`, an index in the bulk action, or after it.
 * Returns `undefined` if there is none. A page that starts within a chunk has the rest of that chunk.
 */
export async function findAppliedPage(
  database: Database,
  accountId: string,
  bulkActionId: string,
  position: number,
): Promise<AppliedPage | undefined> {
  const [chunk] = await database.$queryRaw<ChunkOutcomes[]>`
    SELECT chunk.position, ${DONE_IDS} AS "doneIds",
           ${listedIds(sql`(chunk.skipped_ids || chunk.failed_ids)`)} AS "exceptIds",
           (SELECT min(later.position) FROM bulk.bulk_action_chunks later
            WHERE later.bulk_action_id = chunk.bulk_action_id AND later.position > chunk.position
              AND later.deleted_count > 0) AS "nextPosition"
    FROM bulk.bulk_action_chunks chunk JOIN bulk.bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
    WHERE chunk.bulk_action_id = ${bulkActionId}::uuid AND bulk_action.account_id = ${accountId}::uuid
      AND chunk.position + chunk.record_count > ${position} AND chunk.deleted_count > 0
    ORDER BY chunk.position LIMIT 1`;
  if (chunk === undefined) return undefined;
  const excepted = new Set(parseIds(chunk.exceptIds));
  const records = parseIds(chunk.doneIds)
    .map((id, index) => ({ id, position: chunk.position + index }))
    .filter((record) => record.position >= position && !excepted.has(record.id));
  return { records, nextPosition: chunk.nextPosition };
}

type ChunkOutcomes = {
  readonly position: number;
  /** Ids are texts for `parseIds`. */
  readonly doneIds: string;
  readonly exceptIds: string;
  readonly nextPosition: number | null;
};
