import { joinSql, type Sql, sql, written } from "../sql.ts";
import type { ChunkEffect, KeptPart } from "./chunk-effect.ts";

/**
 * A named query with a comma after it: keeps the rows that the statement removes, in the transaction that removes them. One
 * row of `bulk.kept_rows` for each part of a try (docs/decisions/054). Reads `claimed`, and the queries of the parts.
 */
export function keeping({ keeps = [] }: Pick<ChunkEffect, "keeps">): Sql {
  if (keeps.length === 0) return sql``;
  return sql`kept AS (
      INSERT INTO bulk.kept_rows (slot, bulk_action_id, position, part, columns, rows)
      SELECT claimed.kept_slot, claimed.bulk_action_id, claimed.position, part.name, part.columns, part.lines
      FROM claimed CROSS JOIN (${joinSql(keeps.map(gather), " UNION ALL ")}) AS part (name, columns, lines)
      WHERE claimed.kept_slot IS NOT NULL AND part.lines IS NOT NULL
    ),`;
}

function gather({ part, table, from }: KeptPart): Sql {
  return sql`
        SELECT ${literal(part)}::text, ${columnsOf(table)}, array_agg(bulk_kept) FROM ${from}`;
}

/** An expression: the names of a table's columns in their order, as the statement finds the table. */
function columnsOf(table: Sql): Sql {
  return sql`ARRAY(SELECT attname::text FROM pg_attribute
              WHERE attrelid = ${literal(table.sql)}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum)`;
}

// Names of the declaration, not values: part of the text, so that each action has one prepared statement.
function literal(name: string): Sql {
  return written(`'${name.replaceAll("'", "''")}'`);
}
