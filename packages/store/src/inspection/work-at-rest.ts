import { PROGRESS } from "../bulk-actions/progress.ts";
import type { Queryable } from "../database.ts";
import { IS_PAUSED } from "../operations/pauses.ts";

/** Open bulk actions without progress. */
export type QuietActions = { readonly count: number; readonly oldestId: string | null };

/** Counts, over all accounts, open bulk actions that are not paused and made no progress for this long. */
export async function findQuietActions(database: Queryable, quietForMs: number): Promise<QuietActions> {
  const [row] = await database.$queryRaw<QuietActions[]>`
    SELECT count(*)::int AS count, (array_agg(id::text ORDER BY progressed_at))[1] AS "oldestId"
    FROM bulk.bulk_actions, ${PROGRESS}
    WHERE status IN ('pending', 'processing') AND NOT ${IS_PAUSED}
      AND progressed_at < now() - ${quietForMs} * interval '1 millisecond'`;
  if (row === undefined) throw new Error("count(*) returned no row.");
  return row;
}

/** A table with many dead rows. */
export type BloatedTable = { readonly name: string; readonly deadRows: number; readonly liveRows: number };

/** Returns those of these tables that have more dead rows than live ones, and at least 100,000. */
export function findBloatedTables(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly BloatedTable[]> {
  return database.$queryRaw`
    SELECT relid::regclass::text AS name, n_dead_tup::float8 AS "deadRows", n_live_tup::float8 AS "liveRows"
    FROM unnest(${tables}::text[]) AS name JOIN pg_stat_all_tables ON relid = to_regclass(name)
    WHERE n_dead_tup > greatest(n_live_tup, ${LEAST_DEAD_ROWS})`;
}

/** Autovacuum's next run removes fewer, and until then they cost little. */
const LEAST_DEAD_ROWS = 100_000;
