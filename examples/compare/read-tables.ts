/** A row as JSON: column → value. */
export type Row = Readonly<Record<string, unknown>>;

export type Table = {
  readonly name: string;
  /** The columns of the primary key, or none. */
  readonly key: readonly string[];
  /** The columns that hold a moment. */
  readonly moments: readonly string[];
  readonly rows: readonly Row[];
};

/** Runs a query and returns its rows. */
type Query = <Found extends Row>(text: string) => Promise<readonly Found[]>;

/** Reads every row of every table of a shop, sorted by name; not the tables of the service. */
export async function readTables(query: Query): Promise<readonly Table[]> {
  const tables = await query<Omit<Table, "rows"> & { readonly sql: string }>(TABLES);
  const read: Table[] = [];
  for (const { sql, ...table } of tables) {
    const rows = await query<{ readonly row: Row }>(`SELECT to_jsonb(t) AS row FROM ${sql} AS t`);
    read.push({ ...table, rows: rows.map(({ row }) => row) });
  }
  return read;
}

/** The table with these columns only and without a key, so that rows that say the same are the same. */
export function onlyColumns(table: Table, columns: readonly string[] | undefined): Table {
  if (columns === undefined) return table;
  const rows = table.rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
  return { ...table, key: [], rows };
}

const TABLES = `
  SELECT c.oid::regclass::text AS sql,
         c.relname AS name,
         ARRAY(SELECT attname::text FROM pg_attribute JOIN pg_index ON indrelid = attrelid AND attnum = ANY (indkey)
               WHERE attrelid = c.oid AND indisprimary) AS key,
         ARRAY(SELECT attname::text FROM pg_attribute
               WHERE attrelid = c.oid AND attnum > 0 AND atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype))
           AS moments
  FROM pg_class c
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'bulk', 'bullmq')
    AND c.relnamespace::regnamespace::text NOT LIKE 'pg\\_%'
  ORDER BY c.relname`;
