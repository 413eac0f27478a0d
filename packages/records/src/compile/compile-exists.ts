import { identifier, joinSql, type Sql, sql } from "@bulk/store/sql";
import type { RecordDeclaration } from "../declaration/records-file.ts";
import { loadRelated, pathTo, referredColumns } from "./names.ts";
import { descend, refersTo, tableAs, whereOf } from "./related-rows.ts";

/** The condition that a record has related rows of this name: one EXISTS within another for each level. */
export function compileExists(record: RecordDeclaration, name: string): Sql {
  return nest(record, record.table, pathTo(record, name));
}

// Nested, so that a name in a condition of the operator means a column of that one table, not of one beside it.
function nest(record: RecordDeclaration, parent: string, path: readonly string[]): Sql {
  const [name, ...below] = path;
  if (name === undefined) throw new Error("A path has at least one name.");
  const related = loadRelated(record, name);
  const deeper = below.length === 0 ? [] : [nest(record, name, below)];
  const refers = refersTo(name, related, parent);
  if (related.recursive === undefined) {
    return sql`EXISTS (
        SELECT FROM ${tableAs(record, name)}
        WHERE ${joinSql([refers, ...whereOf(related), ...deeper], "\n          AND ")})`;
  }
  const found = descend({
    record,
    name,
    first: { from: tableAs(record, name), conditions: [refers] },
    conditions: [],
    columns: referredColumns(record, name, below).map((column) => identifier(name, column)),
  });
  return sql`EXISTS (${found}
        SELECT FROM bulk_found AS ${identifier(name)}
        ${deeper.length === 0 ? sql`` : sql`WHERE ${joinSql(deeper, " AND ")}`})`;
}
