import type { ChunkFault } from "@bulk/domain/bulk-actions/chunk-failure";
import type { Database } from "../database.ts";
import { judgeSqlstate } from "../sqlstate.ts";
import { WAITS_FOR_TABLE } from "./chunk-remedy.ts";

/**
 * Number of a bulk action's chunks by state. `unfinished`: waiting or under work, never refused; `in_trouble`: refused
 * by the database, tried again with fewer records; `backing_off`: tried again after a delay; `canceled`: finished with
 * ids that were left untouched.
 */
export type ChunkStates = {
  readonly finished: number;
  readonly canceled: number;
  readonly unfinished: number;
  readonly in_trouble: number;
  readonly backing_off: number;
};

/** Counts the chunks of a bulk action by state. */
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
          FROM bulk.bulk_action_chunks WHERE bulk_action_id = ${bulkActionId}::uuid) AS chunk`;
  if (states === undefined) throw new Error("An aggregate returned no row.");
  return states;
}

/** A chunk that the database has refused at least once. */
export type TroubledChunk = {
  /** The index of its first id in the bulk action. */
  readonly position: number;
  readonly recordCount: number;
  readonly doneCount: number;
  readonly failedCount: number;
  /** Tries that met a lock, a deadlock or a time-out. */
  readonly attempts: number;
  /** When it may be tried again; null: it is finished. */
  readonly nextTryAt: Date | null;
  /** The code of the last error, without its message: a message may quote records. */
  readonly sqlstate: string | null;
  readonly fault: ChunkFault | undefined;
  /** The table whose lock it waits for, or last waited for. */
  readonly lockedTable: string | null;
  /** What the database said, at most 2,000 characters. It may quote records: for operators only, and never for a log. */
  readonly lastError: string | null;
};

/** Lists the first chunks of a bulk action that were refused, unfinished ones before finished ones. */
export async function listTroubledChunks(
  database: Database,
  bulkActionId: string,
  limit: number,
): Promise<readonly TroubledChunk[]> {
  const chunks = await database.$queryRaw<Omit<TroubledChunk, "fault">[]>`
    SELECT position, record_count AS "recordCount", done_count AS "doneCount", failed_count AS "failedCount",
           attempts, CASE WHEN finished_at IS NULL THEN not_before END AS "nextTryAt",
           substring(last_error FROM 'Code: .([0-9A-Z]{5})\\M') AS sqlstate,
           substring(last_error FROM ${`^${WAITS_FOR_TABLE}(.*)$`}::text) AS "lockedTable", left(last_error, 2000) AS "lastError"
    FROM bulk.bulk_action_chunks
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

/** Describes why a chunk was refused, without naming a record. */
export function describeRefusal({
  sqlstate,
  fault,
  lockedTable,
}: Pick<TroubledChunk, "sqlstate" | "fault" | "lockedTable">): string {
  if (lockedTable !== null) return `the table ${lockedTable} was locked`;
  return `the database said ${sqlstate ?? "no code"} (${fault ?? "nothing about the records"})`;
}
