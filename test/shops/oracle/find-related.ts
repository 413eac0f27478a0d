import type { DeclaredRecord } from "../declaration.ts";
import { type Client, loadTable, quoted, type Row, readRows, type Table } from "./tables.ts";

/** Rows that belong to a record. */
export type Found = { readonly table: Table; readonly rows: readonly Row[] };

/** Finds the rows that the declaration calls by this name, for one record. */
export async function findRelated(
  client: Client,
  declared: DeclaredRecord,
  label: string,
  record: Row,
): Promise<Found> {
  const related = declared.related?.[label];
  if (related === undefined) throw new Error(`The declaration knows no ${label}.`);
  const table = await loadTable(client, {
    schema: related.schema ?? declared.schema ?? "public",
    name: related.table,
  });
  const parents =
    related.of === undefined || related.of === "record"
      ? [record]
      : (await findRelated(client, declared, related.of, record)).rows;
  const found = new Map<string, Row>();
  let generation: readonly Row[] = parents;
  do {
    const next: Row[] = [];
    for (const parent of generation) {
      for (const row of await findChildren(client, table, parent, related)) {
        const key = JSON.stringify(table.primaryKey.map((name) => row[name]));
        if (found.has(key)) continue;
        found.set(key, row);
        next.push(row);
      }
    }
    generation = next;
  } while (related.recursive && generation.length > 0);
  return { table, rows: [...found.values()] };
}

async function findChildren(
  client: Client,
  table: Table,
  parent: Row,
  { on, where }: { readonly on: Readonly<Record<string, string>>; readonly where?: string | undefined },
): Promise<readonly Row[]> {
  const values = Object.values(on).map((column) => parent[column] ?? null);
  const parts = Object.keys(on).map((column, index) => `${quoted(column)}::text = $${index + 1}`);
  const all = where === undefined ? parts : [...parts, `(${where}\n)`];
  return await readRows(client, table, all.join(" AND "), values);
}
