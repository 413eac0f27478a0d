import { registry } from "../../support/registry.ts";
import { type ModelHost, REFUSALS } from "./model-host.ts";

/** The sample shop: uuid keys, records that are deleted, nothing that goes with them. */
export const ownHost: ModelHost = {
  registry,
  keyType: "uuid",
  hasParts: false,
  enforcesOrders: true,
  tables: `
    ${REFUSALS}
    CREATE TABLE wishes (product_id uuid REFERENCES products DEFERRABLE INITIALLY DEFERRED);
    CREATE INDEX ON wishes (product_id);
    CREATE TRIGGER refuse BEFORE DELETE ON products FOR EACH ROW
      WHEN (OLD.sku = 'product that refuses') EXECUTE FUNCTION refuse('P0001');
    CREATE TRIGGER refuse_all BEFORE DELETE ON products FOR EACH ROW
      WHEN (OLD.sku = 'product that is too much') EXECUTE FUNCTION refuse('53100');
    CREATE TRIGGER keep BEFORE DELETE ON products FOR EACH ROW
      WHEN (OLD.sku = 'product that is kept') EXECUTE FUNCTION keep();`,
  writeId: (run, index) => {
    const prefix = run.toString(16).padStart(8, "0");
    return `${prefix}-0000-4000-8000-${String(index + 1).padStart(12, "0")}`;
  },
  fill: `
    WITH shop AS (SELECT * FROM unnest($3::uuid[], $4::text[]) AS shop (id, kind)),
    own AS (INSERT INTO bulk.accounts (id, name) VALUES ($1, $5 || ' own'), ($2, $5 || ' other')),
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
    SELECT $1::uuid, id FROM shop WHERE kind = 'product on an order'`,
  look: `
    SELECT id, false AS is_torn FROM products WHERE id = ANY ($1::uuid[])
    UNION ALL SELECT id, false FROM customers WHERE id = ANY ($1::uuid[])`,
  deeds: {
    order: `
      WITH placed AS (INSERT INTO orders (account_id) VALUES ($2) RETURNING id)
      INSERT INTO line_items (order_id, product_id) SELECT id, $1 FROM placed`,
    remove: "DELETE FROM products WHERE id = $1",
    hold: "SELECT FROM products WHERE id = $1 FOR UPDATE",
  },
};
