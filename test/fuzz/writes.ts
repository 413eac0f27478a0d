import type pg from "pg";

/** Every table of ours, and whose its rows are; those of operators are everybody's. */
const OWNERS = {
  "bulk.accounts": "touched.id",
  "bulk.api_tokens": "touched.account_id",
  "public.customers": "touched.account_id",
  "public.products": "touched.account_id",
  "public.orders": "touched.account_id",
  "public.line_items": "(SELECT account_id FROM orders WHERE id = touched.order_id)",
  "bulk.bulk_actions": "touched.account_id",
  "bulk.bulk_action_chunks": "(SELECT account_id FROM bulk.bulk_actions WHERE id = touched.bulk_action_id)",
  "bulk.webhook_endpoints": "touched.account_id",
  "bulk.webhook_deliveries": "touched.account_id",
  "bulk.pauses": "NULL",
  "bulk.throttles": "NULL",
  "bulk.audit_entries": "touched.account_id",
} as const;

/** What a worker may write by itself: how far bulk actions and deliveries got. Never a record. */
const OF_WORKERS = [
  "bulk.bulk_actions",
  "bulk.bulk_action_chunks",
  "bulk.webhook_endpoints",
  "bulk.webhook_deliveries",
];

/** What connections that look and tidy up are called; what they write counts as nobody's. */
export const ONLOOKER = "fuzz-onlooker";

/** What setting up costs is nobody's fault. */
const UNNOTED = [ONLOOKER, "bulk-actions-seed"];

/**
 * Lets the database itself note every row of ours that is written, in the schema `fuzz`: a look after each request then
 * costs a fiftieth of what digests of all tables cost. That a token was used is written for refused requests too, and is
 * not noted.
 */
export async function watchWrites(pool: pg.Pool): Promise<void> {
  const watches = Object.entries(OWNERS).map(([table, owner]) => watchTable(table, owner));
  await pool.query([NOTES, ...watches].join("\n"));
}

/**
 * The tables in which something of the account's or everybody's was written since the last look, but for what workers may
 * write at any time.
 */
export async function takeWritten(pool: pg.Pool, accountId: string): Promise<readonly string[]> {
  const query = { name: "take-written", text: TAKE, values: [accountId] };
  const { rows } = await pool.query<{ table: string; writer: string }>(query);
  const written = rows.filter(({ table, writer }) => !(isWorker(writer) && OF_WORKERS.includes(table)));
  return [...new Set(written.map(({ table }) => table))];
}

function isWorker(writer: string): boolean {
  return writer === "bulk-actions-worker";
}

const NOTES = `
  CREATE SCHEMA fuzz;
  CREATE UNLOGGED TABLE fuzz.writes (account_id uuid, "table" text NOT NULL, writer text NOT NULL);
  CREATE INDEX ON fuzz.writes (account_id);`;

// The rows are taken and not remembered by a number: a number may become visible after a higher one.
const TAKE = `
  DELETE FROM fuzz.writes WHERE account_id = $1 OR account_id IS NULL RETURNING "table", writer`;

// With its owner's rights: the service's role may have none here.
function watchTable(table: string, owner: string): string {
  const unnoted = UNNOTED.map((name) => `'${name}'`).join();
  const note = `fuzz.note_${table.replace(".", "_")}`;
  // Chunks go with their bulk action, such as the draft of an upload with ids that repeat; that is noted of the bulk action.
  const isNoted = table === "bulk.bulk_action_chunks" ? `${owner} IS NOT NULL` : "true";
  return `
  CREATE FUNCTION ${note}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    DECLARE touched ${table} := COALESCE(NEW, OLD);
    BEGIN
      IF current_setting('application_name') NOT IN (${unnoted})
        AND to_jsonb(OLD) - 'last_used_at' IS DISTINCT FROM to_jsonb(NEW) - 'last_used_at'
        AND ${isNoted}
      THEN
        INSERT INTO fuzz.writes VALUES (${owner}, '${table}', current_setting('application_name'));
      END IF;
      RETURN NULL;
    END $$;
  CREATE TRIGGER fuzz_note AFTER INSERT OR UPDATE OR DELETE ON ${table}
    FOR EACH ROW EXECUTE FUNCTION ${note}();`;
}
