import type { Database } from "./database.ts";

/** A part of a bulk action's deleted records: those of one chunk, in the order submitted. */
export type DeletedPage = {
  readonly recordIds: readonly string[];
  /** The chunk the next page starts at; `null`: this is the last. */
  readonly nextPosition: number | null;
};

/** The deleted records of the first chunk from `position` on that has any; `undefined`: none has. */
export async function findDeletedPage(
  database: Database,
  accountId: string,
  bulkActionId: string,
  position: number,
): Promise<DeletedPage | undefined> {
  const [chunk] = await database.$queryRaw<ChunkOutcomes[]>`
    SELECT record_ids[:done_count] AS "doneIds", skipped_ids || failed_ids AS "exceptIds",
           (SELECT min(later.position) FROM bulk_action_chunks later
            WHERE later.bulk_action_id = chunk.bulk_action_id AND later.position > chunk.position
              AND later.deleted_count > 0) AS "nextPosition"
    FROM bulk_action_chunks chunk JOIN bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
    WHERE chunk.bulk_action_id = ${bulkActionId}::uuid AND bulk_action.account_id = ${accountId}::uuid
      AND chunk.position >= ${position} AND chunk.deleted_count > 0
    ORDER BY chunk.position LIMIT 1`;
  if (chunk === undefined) return undefined;
  const excepted = new Set(chunk.exceptIds);
  return { recordIds: chunk.doneIds.filter((id) => !excepted.has(id)), nextPosition: chunk.nextPosition };
}

type ChunkOutcomes = {
  readonly doneIds: readonly string[];
  readonly exceptIds: readonly string[];
  readonly nextPosition: number | null;
};
