import { identifier, joinSql, type Sql, sql } from "@bulk/store/sql";
import type { Step } from "../declaration/records-file.ts";

type SetValues = Extract<Step, { readonly update: string }>["set"];

/** The assignments of an UPDATE of the table with this alias. They read `claimed (bulk_action_id, bulk_moment)`. */
export function compileSet(alias: string, values: SetValues): Sql {
  const assignments = Object.entries(values).map(
    ([column, value]) => sql`${identifier(column)} = ${compileValue(identifier(alias, column), value)}`,
  );
  return joinSql(assignments, ",\n        ");
}

function compileValue(column: Sql, value: SetValues[string]): Sql {
  if (value === null) return sql`NULL`;
  if (typeof value !== "object") return sql`${value}`;
  if ("bulk_action" in value) return sql`(SELECT claimed.bulk_action_id FROM claimed)`;
  if (value.now === "UTC") return sql`(SELECT claimed.bulk_moment FROM claimed)`;
  // The session's zone is UTC (docs/decisions/026), so a column without zone gets the clock of the zone named.
  return sql`CASE WHEN pg_typeof(${column}) = 'timestamptz'::regtype
             THEN (SELECT claimed.bulk_moment FROM claimed)
             ELSE (SELECT claimed.bulk_moment AT TIME ZONE ${value.now}::text AT TIME ZONE 'UTC' FROM claimed) END`;
}
