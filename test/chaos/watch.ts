import type pg from "pg";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import { openLedger } from "./ledger.ts";

/**
 * Lets the database itself keep a diary that the service knows nothing of, in the schema `chaos`: every
 * deletion and restoration of a record, every row that is kept for a restore, every change of a chunk's counts and of a
 * status, each with its transaction. Also
 * notes what the shop holds now and writes from then on, and hangs up a switch that makes deletes and restores slow.
 */
export async function installWatch(client: Pick<pg.ClientBase, "query">, host: ChaosHost): Promise<void> {
  await client.query(DIARY);
  await client.query(SLOWNESS);
  await client.query(host.lens);
  await client.query(SNAPSHOT);
  await client.query(openLedger(host.tables));
}

// As its owner: the service's role has no right on it.
const DIARY = `
  CREATE SCHEMA chaos;
  CREATE TABLE chaos.deletions (
    action_type text, record_id text, account_id uuid, xid xid8, at timestamptz);
  CREATE TABLE chaos.restorations (LIKE chaos.deletions);
  CREATE TABLE chaos.chunk_writes (
    bulk_action_id uuid, position integer, xid xid8, begun_at timestamptz, at timestamptz,
    done_before integer, done_after integer, deleted_before integer, deleted_after integer,
    skipped_before integer, skipped_after integer, failed_before integer, failed_after integer);
  CREATE FUNCTION chaos.note_chunk_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO chaos.chunk_writes VALUES (
        NEW.bulk_action_id, NEW.position, pg_current_xact_id(), statement_timestamp(), clock_timestamp(),
        OLD.done_count, NEW.done_count, OLD.deleted_count, NEW.deleted_count,
        OLD.skipped_count, NEW.skipped_count, OLD.failed_count, NEW.failed_count);
      RETURN NULL;
    END $$;
  CREATE TRIGGER chaos_note AFTER UPDATE ON bulk.bulk_action_chunks
    FOR EACH ROW EXECUTE FUNCTION chaos.note_chunk_write();

  CREATE TABLE chaos.keepings (bulk_action_id uuid, position integer, part text, xid xid8);
  CREATE FUNCTION chaos.note_keeping() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO chaos.keepings VALUES (NEW.bulk_action_id, NEW.position, NEW.part, pg_current_xact_id());
      RETURN NULL;
    END $$;
  CREATE TRIGGER chaos_note AFTER INSERT ON bulk.kept_rows FOR EACH ROW EXECUTE FUNCTION chaos.note_keeping();

  CREATE TABLE chaos.status_writes (bulk_action_id uuid, before text, after text, at timestamptz);
  CREATE FUNCTION chaos.note_status() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO chaos.status_writes VALUES (NEW.id, OLD.status, NEW.status, clock_timestamp());
      RETURN NULL;
    END $$;
  CREATE TRIGGER chaos_note AFTER UPDATE ON bulk.bulk_actions
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION chaos.note_status();`;

// After the rows, so that their row locks are held meanwhile.
const SLOWNESS = `
  CREATE TABLE chaos.settings (delete_ms integer NOT NULL);
  INSERT INTO chaos.settings VALUES (0);
  CREATE FUNCTION chaos.be_slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      PERFORM pg_sleep(delete_ms / 1000.0) FROM chaos.settings WHERE delete_ms > 0;
      RETURN NULL;
    END $$;`;

const SNAPSHOT = `
  CREATE TABLE chaos.records_before AS SELECT action_type, record_id, account_id FROM chaos.present;
  CREATE TABLE chaos.lines_before AS SELECT id, record_id FROM chaos.lines;
  CREATE TABLE chaos.orders_before AS SELECT id, account_id FROM chaos.orders;
  -- What the host's own rules keep: by a veto of its trigger, or by a foreign key that is looked at in the end.
  CREATE TABLE chaos.vetoed (record_id text PRIMARY KEY);
  CREATE TABLE chaos.wished (record_id text PRIMARY KEY);`;
