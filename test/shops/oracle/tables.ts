import type pg from "pg";

/** A way to speak to a database. */
export type Client = Pick<pg.ClientBase, "query">;

/** A row of the shop: every column as PostgreSQL prints it. */
export type Row = Readonly<Record<string, string | null>>;

export type TableName = { readonly schema: string; readonly name: string };

/** What the oracle knows of a table, from the catalogs. */
export type Table = TableName & {
  /** As SQL spells it. */
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly primaryKey: readonly string[];
};

/** Reads the columns and the primary key of a table. */
export async function loadTable(client: Client, { schema, name }: TableName): Promise<Table> {
  const { rows } = await client.query<{ name: string; type: string; is_key: boolean }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type,
       EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey)) AS is_key
     FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = $1 AND relname = $2 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [schema, name],
  );
  return {
    ...{ schema, name, sql: `${quoted(schema)}.${quoted(name)}` },
    columns: rows.map((row) => ({ name: row.name, type: row.type })),
    primaryKey: rows.filter((row) => row.is_key).map((row) => row.name),
  };
}

/** Reads the rows for which the condition holds; `$1` and so on stand for the values. */
export async function readRows(
  client: Client,
  table: Table,
  condition: string,
  values: readonly (string | null)[] = [],
): Promise<readonly Row[]> {
  const columns = table.columns.map(({ name }) => `${quoted(name)}::text`);
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${columns.join(", ")} FROM ${table.sql} WHERE ${condition}`,
    values: [...values],
    rowMode: "array",
  } as pg.QueryArrayConfig);
  return rows.map((row) =>
    Object.fromEntries(table.columns.map(({ name }, index) => [name, row[index] ?? null])),
  );
}

/** A condition that only this row of the table meets, as long as its key does not change. */
export function isRow(
  table: Table,
  row: Row,
): { readonly condition: string; readonly values: readonly string[] } {
  const parts = table.primaryKey.map((name, index) => `${quoted(name)}::text = $${index + 1}`);
  return { condition: parts.join(" AND "), values: table.primaryKey.map((name) => row[name] ?? "") };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
