import type { ChunkFault } from "@bulk/domain/chunk-failure";
import { WAITS_FOR_TABLE } from "./careful-chunk.ts";
import type { Database } from "./database.ts";
import { judgeSqlstate } from "./sqlstate.ts";

/**
 * How a bulk action's chunks stand. `unfinished`: waiting or under work, nothing wrong; `in_trouble`: the database
 * refused it, to be tried again with fewer records; `backing_off`: the same, not before some time has passed;
 * `canceled`: finished with ids that nothing was done to.
 */
export type ChunkStates = {
  readonly finished: number;
  readonly canceled: number;
  readonly unfinished: number;
  readonly in_trouble: number;
  readonly backing_off: number;
};

/** Counts the chunks of a bulk action by how they stand now. */
export async function countChunkStates(database: Database, bulkActionId: string): Promise<ChunkStates> {
  const [states] = await database.$queryRaw<ChunkStates[]>`
    SELECT count(*) FILTER (WHERE state = 'finished')::int AS finished,
           count(*) FILTER (WHERE state = 'canceled')::int AS canceled,
           count(*) FILTER (WHERE state = 'unfinished')::int AS unfinished,
           count(*) FILTER (WHERE state = 'in_trouble')::int AS in_trouble,
           count(*) FILTER (WHERE state = 'backing_off')::int AS backing_off
    FROM (SELECT CASE WHEN finished_at IS NOT NULL AND done_count = record_count THEN 'finished'
                      WHEN finished_at IS NOT NULL THEN 'canceled'
                      WHEN not_before > clock_timestamp() THEN 'backing_off'
                      WHEN attempts > 0 OR slice_size IS NOT NULL THEN 'in_trouble'
                      ELSE 'unfinished' END AS state
          FROM bulk_action_chunks WHERE bulk_action_id = ${bulkActionId}::uuid) AS chunk`;
  if (states === undefined) throw new Error("An aggregate returned no row.");
  return states;
}

/** A chunk that the database refused, now or earlier. */
export type TroubledChunk = {
  /** Index of its first id in the bulk action. */
  readonly position: number;
  readonly recordCount: number;
  readonly doneCount: number;
  readonly failedCount: number;
  /** Tries that met a lock, a deadlock or a time-out. */
  readonly attempts: number;
  /** When it may be tried again; null: it is finished. */
  readonly nextTryAt: Date | null;
  /** The code of what the database said last, without its words: those may quote records. */
  readonly sqlstate: string | null;
  readonly fault: ChunkFault | undefined;
  /** The table whose lock it waits, or last waited, for. */
  readonly lockedTable: string | null;
};

/** The first chunks of a bulk action that were refused, unfinished ones before finished ones. */
export async function listTroubledChunks(
  database: Database,
  bulkActionId: string,
  limit: number,
): Promise<readonly TroubledChunk[]> {
  const chunks = await database.$queryRaw<Omit<TroubledChunk, "fault">[]>`
    SELECT position, record_count AS "recordCount", done_count AS "doneCount", failed_count AS "failedCount",
           attempts, CASE WHEN finished_at IS NULL THEN not_before END AS "nextTryAt",
           substring(last_error FROM 'Code: .([0-9A-Z]{5})\\M') AS sqlstate,
           substring(last_error FROM ${`^${WAITS_FOR_TABLE}(.*)$`}::text) AS "lockedTable"
    FROM bulk_action_chunks
    WHERE bulk_action_id = ${bulkActionId}::uuid AND last_error IS NOT NULL
    ORDER BY finished_at IS NOT NULL, position LIMIT ${limit}`;
  return chunks.map((chunk) => ({ ...chunk, fault: findFault(chunk) }));
}

function findFault({
  sqlstate,
  lockedTable,
}: Pick<TroubledChunk, "sqlstate" | "lockedTable">): ChunkFault | undefined {
  if (lockedTable !== null) return "table_locked";
  return sqlstate === null ? undefined : judgeSqlstate(sqlstate);
}

/** What was in the way of a chunk, in words that name no record. */
export function tellRefusal({ sqlstate, fault, lockedTable }: TroubledChunk): string {
  if (lockedTable !== null) return `the table ${lockedTable} was locked`;
  return `the database said ${sqlstate ?? "no code"} (${fault ?? "nothing about the records"})`;
}
