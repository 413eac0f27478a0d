import { openRecords } from "@bulk/records/open-records";
import { createServiceRole, grantDeclared, type Say } from "./service-role.ts";

/** Settings that a host far away may have; they belong to a database and are not copied with it. */
export const STRANGE_SETTINGS = { TimeZone: "'Asia/Kolkata'", DateStyle: "'SQL, DMY'" };

/**
 * Makes a migrated database one that others have built on: a deferred foreign key to the records, an audit trigger, a
 * trigger that vetoes deletions, and a role that may do what `pnpm admin grants` says and nothing else.
 */
export async function estrange(say: Say): Promise<void> {
  await createServiceRole(say);
  await grantDeclared(say, openRecords().declaration);
  await say(HOST_TABLES);
}

/** Gives a database the settings of a host far away, but for those that an older server does not know. */
export async function moveAway(
  say: Say,
  name: string,
  settings: Readonly<Record<string, string>> = STRANGE_SETTINGS,
) {
  for (const [setting, value] of Object.entries(settings)) {
    await say(`DO $$ BEGIN
      IF current_setting('${setting}', true) IS NOT NULL THEN ALTER DATABASE ${name} SET ${setting} = ${value}; END IF;
    END $$`);
  }
}

const HOST_TABLES = `
  CREATE TABLE wishlist (
    id bigserial PRIMARY KEY,
    product_id uuid REFERENCES products DEFERRABLE INITIALLY DEFERRED,
    customer_id uuid REFERENCES customers DEFERRABLE INITIALLY DEFERRED
  );
  CREATE INDEX ON wishlist (product_id);
  CREATE INDEX ON wishlist (customer_id);

  CREATE TABLE deletion_log (relation text, record_id uuid, at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE FUNCTION log_deletion() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN INSERT INTO deletion_log (relation, record_id) VALUES (TG_TABLE_NAME, OLD.id); RETURN NULL; END $$;
  CREATE TRIGGER log_deletion AFTER DELETE ON products FOR EACH ROW EXECUTE FUNCTION log_deletion();
  CREATE TRIGGER log_deletion AFTER DELETE ON customers FOR EACH ROW EXECUTE FUNCTION log_deletion();

  CREATE TABLE legal_holds (record_id uuid PRIMARY KEY);
  CREATE FUNCTION veto_deletion() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN RETURN CASE WHEN EXISTS (SELECT FROM legal_holds WHERE record_id = OLD.id) THEN NULL ELSE OLD END; END $$;
  CREATE TRIGGER veto_deletion BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION veto_deletion();
  CREATE TRIGGER veto_deletion BEFORE DELETE ON customers FOR EACH ROW EXECUTE FUNCTION veto_deletion();`;
