import type { TestDatabase } from "../support/test-database.ts";
import type { RecordKind } from "./model.ts";

/** The account of a run and the ids its bulk actions may name. */
export type Shop = { readonly accountId: string; readonly recordIds: readonly string[] };

/** Lets products whose SKU says so refuse to be deleted, each in its way. */
export async function prepareRefusals(database: TestDatabase): Promise<void> {
  await database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = TG_ARGV[0]; END $$;
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TABLE wishes (product_id uuid REFERENCES products DEFERRABLE INITIALLY DEFERRED);
    CREATE INDEX ON wishes (product_id);
    CREATE TRIGGER refuse BEFORE DELETE ON products FOR EACH ROW
      WHEN (OLD.sku = 'product that refuses') EXECUTE FUNCTION refuse('P0001');
    CREATE TRIGGER refuse_all BEFORE DELETE ON products FOR EACH ROW
      WHEN (OLD.sku = 'product that is too much') EXECUTE FUNCTION refuse('53100');
    CREATE TRIGGER keep BEFORE DELETE ON products FOR EACH ROW
      WHEN (OLD.sku = 'product that is kept') EXECUTE FUNCTION keep();`);
}

/** Fills a shop of the run's own; ids ascend with the records, so that a replay locks in the same order. */
export async function fillShop(
  database: TestDatabase,
  run: number,
  kinds: readonly RecordKind[],
): Promise<Shop> {
  const prefix = run.toString(16).padStart(8, "0");
  const recordIds = kinds.map(
    (_, index) => `${prefix}-0000-4000-8000-${String(index + 1).padStart(12, "0")}`,
  );
  const [accountId, otherId] = ["a", "b"].map((letter) => `${prefix}-0000-4000-8000-${letter.repeat(12)}`);
  await database.query(FILL, [accountId, otherId, recordIds, kinds, String(run)]);
  return { accountId: String(accountId), recordIds };
}

const FILL = `
  WITH shop AS (SELECT * FROM unnest($3::uuid[], $4::text[]) AS shop (id, kind)),
  own AS (INSERT INTO accounts (id, name) VALUES ($1, $5 || ' own'), ($2, $5 || ' other')),
  filled AS (
    INSERT INTO products (id, account_id, name, sku, price_amount)
    SELECT id, CASE WHEN kind = 'product of another account' THEN $2 ELSE $1 END::uuid, kind, kind, 100
    FROM shop WHERE kind LIKE 'product%'
  ),
  customers AS (
    INSERT INTO customers (id, account_id, email, name)
    SELECT id, $1::uuid, 'one@example.com', 'One' FROM shop WHERE kind = 'customer'
  ),
  wished AS (INSERT INTO wishes SELECT id FROM shop WHERE kind = 'product on a wish list'),
  placed AS (INSERT INTO orders (id, account_id) VALUES ($1, $1))
  INSERT INTO line_items (order_id, product_id)
  SELECT $1::uuid, id FROM shop WHERE kind = 'product on an order'`;
