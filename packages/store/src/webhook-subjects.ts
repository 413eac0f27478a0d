import type { Database } from "./database.ts";

/** A part of a bulk action's deleted records: those of one chunk, in the order submitted. */
export type DeletedPage = {
  readonly records: readonly DeletedRecord[];
  /** Where the next page starts; `null`: this is the last. */
  readonly nextPosition: number | null;
};

/** A deleted record, and its index in the bulk action. */
export type DeletedRecord = { readonly id: string; readonly position: number };

/**
 * The deleted records of the first chunk that has any at `position`, an index in the bulk action, or behind it;
 * `undefined`: none has. A page that starts within a chunk has the rest of that.
 */
export async function findDeletedPage(
  database: Database,
  accountId: string,
  bulkActionId: string,
  position: number,
): Promise<DeletedPage | undefined> {
  const [chunk] = await database.$queryRaw<ChunkOutcomes[]>`
    SELECT chunk.position, record_ids[:done_count] AS "doneIds", skipped_ids || failed_ids AS "exceptIds",
           (SELECT min(later.position) FROM bulk_action_chunks later
            WHERE later.bulk_action_id = chunk.bulk_action_id AND later.position > chunk.position
              AND later.deleted_count > 0) AS "nextPosition"
    FROM bulk_action_chunks chunk JOIN bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
    WHERE chunk.bulk_action_id = ${bulkActionId}::uuid AND bulk_action.account_id = ${accountId}::uuid
      AND chunk.position + chunk.record_count > ${position} AND chunk.deleted_count > 0
    ORDER BY chunk.position LIMIT 1`;
  if (chunk === undefined) return undefined;
  const excepted = new Set(chunk.exceptIds);
  const records = chunk.doneIds
    .map((id, index) => ({ id, position: chunk.position + index }))
    .filter((record) => record.position >= position && !excepted.has(record.id));
  return { records, nextPosition: chunk.nextPosition };
}

type ChunkOutcomes = {
  readonly position: number;
  readonly doneIds: readonly string[];
  readonly exceptIds: readonly string[];
  readonly nextPosition: number | null;
};
