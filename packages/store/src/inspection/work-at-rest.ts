import type { Queryable } from "../database.ts";
import { IS_PAUSED } from "../pauses.ts";
import { PROGRESS } from "../progress.ts";

/** Bulk actions that are open and that nobody works on. */
export type QuietActions = { readonly count: number; readonly oldestId: string | null };

/** Of all accounts: those that no operator has paused and that have made no progress for this long. */
export async function findQuietActions(database: Queryable, quietForMs: number): Promise<QuietActions> {
  const [row] = await database.$queryRaw<QuietActions[]>`
    SELECT count(*)::int AS count, (array_agg(id::text ORDER BY progressed_at))[1] AS "oldestId"
    FROM bulk_actions, ${PROGRESS}
    WHERE status IN ('pending', 'processing') AND NOT ${IS_PAUSED}
      AND progressed_at < now() - ${quietForMs} * interval '1 millisecond'`;
  if (row === undefined) throw new Error("count(*) returned no row.");
  return row;
}

/** A table of which autovacuum has not kept up with the deletions. */
export type BloatedTable = { readonly name: string; readonly deadRows: number; readonly liveRows: number };

/** Of these tables, those with more dead rows than live ones, as far as they are worth a word. */
export function findBloatedTables(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly BloatedTable[]> {
  return database.$queryRaw`
    SELECT relid::regclass::text AS name, n_dead_tup::float8 AS "deadRows", n_live_tup::float8 AS "liveRows"
    FROM unnest(${tables}::text[]) AS name JOIN pg_stat_all_tables ON relid = to_regclass(name)
    WHERE n_dead_tup > greatest(n_live_tup, ${LEAST_DEAD_ROWS})`;
}

/** Fewer are gone after autovacuum's next round, and until then cost little. */
const LEAST_DEAD_ROWS = 100_000;
