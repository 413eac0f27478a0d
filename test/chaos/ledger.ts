/** A table of a host, as the ledger keeps it. Expressions are over a row: `row` is its alias. */
export type LedgerTable = {
  /** Quoted as SQL needs it. */
  readonly table: string;
  /** A text that no other row of the table has. */
  readonly key: (row: string) => string;
  /** What must be as before; by default the whole row, byte by byte. */
  readonly line?: (row: string) => string;
  /** The record that the row goes with: its `action_type` and id. Without it no bulk action may change the row. */
  readonly goesWith?: (row: string) => { readonly actionType: string; readonly recordId: string };
  /** Rows that go with their record and do not come back. */
  readonly isLost?: true;
  /** Whether a foreign key detaches rows that came to refer to the record while it was being deleted. */
  readonly isDetached?: true;
};

/** The name of the sessions that are the shop's own: those in which the run writes as the shop. */
export const SHOP_SESSIONS = "chaos";

/**
 * Keeps in `chaos.written` each row as the shop itself wrote it last: at first all that are there, then whatever a session
 * of the shop inserts or updates, in the same transaction. `chaos.rows` is the same of what is there now.
 */
export function openLedger(tables: readonly LedgerTable[]): string {
  return `
  CREATE VIEW chaos.rows AS ${tables.map(selectRows).join(" UNION ALL ")};
  CREATE TABLE chaos.written AS SELECT * FROM chaos.rows;
  ALTER TABLE chaos.written ADD PRIMARY KEY (part, key), ADD COLUMN xid xid8;
  CREATE INDEX ON chaos.written (record_id);
  CREATE TABLE chaos.commits (xid xid8 PRIMARY KEY, at timestamptz NOT NULL);
  ${tables.map(watchTable).join("\n")}`;
}

function selectRows(table: LedgerTable): string {
  return `SELECT ${describeRow(table, "held")} FROM ${table.table} AS held`;
}

function describeRow({ table, key, line, goesWith, isLost, isDetached }: LedgerTable, row: string): string {
  const owner = goesWith?.(row);
  const name = table.replaceAll("'", "''");
  return `'${name}' AS part, ${key(row)}::text AS key, ${line?.(row) ?? `${row}::text`} AS line,
    ${owner === undefined ? "NULL" : `'${owner.actionType}'`}::text AS action_type,
    ${owner?.recordId ?? "NULL"}::text AS record_id, ${isLost === true} AS is_lost, ${isDetached === true} AS is_detached`;
}

// By the name of the session, because the service writes to the same tables, in the same way.
function watchTable(table: LedgerTable, index: number): string {
  return `
  CREATE FUNCTION chaos.write_down_${index}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO chaos.written SELECT ${describeRow(table, "NEW")}, pg_current_xact_id()
      ON CONFLICT (part, key) DO UPDATE SET line = EXCLUDED.line, action_type = EXCLUDED.action_type,
        record_id = EXCLUDED.record_id, xid = EXCLUDED.xid;
      RETURN NULL;
    END $$;
  CREATE TRIGGER chaos_write_down AFTER INSERT OR UPDATE ON ${table.table} FOR EACH ROW
    WHEN (current_setting('application_name') = '${SHOP_SESSIONS}') EXECUTE FUNCTION chaos.write_down_${index}();`;
}
