import type { Database } from "../database.ts";
import { BARE_CODE } from "../records/bare-code.ts";
import { type Sql, sql } from "../sql.ts";

/**
 * The columns of a `Tally`, summed over all chunks. The column `deleted_count` counts the records that the action
 * applied to, whatever its effect: it keeps its first name because processes of 0.1 and 0.2 write it as well.
 */
export const TALLY: Sql = sql`
  COALESCE(sum(deleted_count), 0)::int AS applied,
  COALESCE(sum(skipped_count), 0)::int AS skipped,
  COALESCE(sum(failed_count), 0)::int AS failed`;

/** The query for the tally of the bulk action whose id an expression gives: one row. */
export function tallyOf(bulkActionId: Sql): Sql {
  return sql`SELECT ${TALLY} FROM bulk.bulk_action_chunks WHERE bulk_action_id = ${bulkActionId}`;
}

/** How many records were skipped or failed for which reason, most frequent first. */
export async function countReasons(
  database: Database,
  bulkActionId: string,
): Promise<readonly { readonly code: string; readonly count: number }[]> {
  return await database.$queryRaw`
    SELECT bare.code, count(*)::int AS count
    FROM bulk.bulk_action_chunks, unnest(skipped_codes || failed_codes) AS code,
         LATERAL (SELECT ${BARE_CODE} AS code) AS bare
    WHERE bulk_action_id = ${bulkActionId}::uuid
    GROUP BY bare.code ORDER BY count DESC, bare.code`;
}
