import { createRegistry } from "@bulk/actions/registry";
import { compileRecords } from "@bulk/records/compile/compile-records";
import { TEXT_SHOP } from "../../chaos/hosts/text-shop.ts";
import { type ModelHost, REFUSALS } from "./model-host.ts";

/** A shop that deletes: products with their tags and images, while their reviews stay, detached. */
export const textHost: ModelHost = {
  registry: createRegistry(compileRecords(TEXT_SHOP.declaration)),
  keyType: "text",
  hasParts: true,
  enforcesOrders: true,
  tables: `
    ${TEXT_SHOP.tables}
    ${REFUSALS}
    CREATE TABLE wish (product text REFERENCES "Product" DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER refuse BEFORE DELETE ON "Product" FOR EACH ROW
      WHEN (OLD.name = 'product that refuses') EXECUTE FUNCTION refuse('P0001');
    CREATE TRIGGER refuse_all BEFORE DELETE ON "Product" FOR EACH ROW
      WHEN (OLD.name = 'product that is too much') EXECUTE FUNCTION refuse('53100');
    CREATE TRIGGER keep BEFORE DELETE ON "Product" FOR EACH ROW
      WHEN (OLD.name = 'product that is kept') EXECUTE FUNCTION keep();
    CREATE TRIGGER refuse BEFORE DELETE ON product_tag FOR EACH ROW
      WHEN (OLD.tag = 'product whose part refuses') EXECUTE FUNCTION refuse('P0001');
    CREATE TRIGGER keep BEFORE DELETE ON product_tag FOR EACH ROW
      WHEN (OLD.tag = 'product whose part is kept') EXECUTE FUNCTION keep();`,
  writeId: (run, index) => `["${run}", 'it''s'] \\ {${String(index).padStart(2, "0")}}, ü`,
  fill: `
    WITH shop AS (SELECT * FROM unnest($3::text[], $4::text[]) AS shop (id, kind)),
    own AS (
      INSERT INTO bulk.accounts (id, name, key)
      VALUES ($1, $5 || ' own', 'store "' || $5 || '"'), ($2, $5 || ' other', 'store ''' || $5 || '''')
    ),
    filled AS (
      INSERT INTO "Product" (handle, store, name)
      SELECT id, CASE kind WHEN 'product of another account' THEN 'store ''' || $5 || '''' ELSE 'store "' || $5 || '"' END,
        kind
      FROM shop WHERE kind LIKE 'product%'
    ),
    tagged AS (
      INSERT INTO product_tag SELECT id, tag FROM shop, unnest(ARRAY['new', kind]) AS tag WHERE kind LIKE 'product%'
    ),
    pictured AS (INSERT INTO image (product) SELECT id FROM shop WHERE kind LIKE 'product%'),
    reviewed AS (INSERT INTO review (product, text) SELECT id, id FROM shop WHERE kind LIKE 'product%'),
    wished AS (INSERT INTO wish SELECT id FROM shop WHERE kind = 'product on a wish list'),
    customers AS (
      INSERT INTO customer (id, store, name) SELECT id, 'store "' || $5 || '"', kind FROM shop WHERE kind = 'customer'
    ),
    placed AS (INSERT INTO "order" (store) VALUES ('store "' || $5 || '"') RETURNING id)
    INSERT INTO order_line ("orderId", product)
    SELECT placed.id, shop.id FROM placed, shop WHERE kind = 'product on an order'`,
  look: `
    SELECT * FROM (
      SELECT asked.id, handle IS NOT NULL OR customer.id IS NOT NULL AS is_there,
        (SELECT count(*) FROM product_tag WHERE product = asked.id) <> CASE WHEN handle IS NULL THEN 0 ELSE 2 END
        OR (SELECT count(*) FROM image WHERE product = asked.id) <> CASE WHEN handle IS NULL THEN 0 ELSE 1 END
        OR EXISTS (SELECT FROM review WHERE text = asked.id AND review.product IS DISTINCT FROM handle) AS is_torn
      FROM unnest($1::text[]) AS asked (id) LEFT JOIN "Product" ON handle = asked.id
      LEFT JOIN customer ON customer.id = asked.id) AS record
    WHERE is_there OR is_torn`,
  deeds: {
    order: `
      WITH placed AS (INSERT INTO "order" (store) SELECT key FROM bulk.accounts WHERE id = $2 RETURNING id)
      INSERT INTO order_line ("orderId", product) SELECT id, $1 FROM placed`,
    remove: `
      WITH gone AS (DELETE FROM "Product" WHERE handle = $1 RETURNING handle),
      tags AS (DELETE FROM product_tag USING gone WHERE product = handle),
      reviews AS (UPDATE review SET product = NULL FROM gone WHERE product = handle)
      SELECT FROM gone`,
    hold: `SELECT FROM "Product" WHERE handle = $1 FOR UPDATE`,
  },
  stepsApart: `
    WITH reviews AS (
      UPDATE review SET product = NULL
      WHERE product IS NOT NULL AND NOT EXISTS (SELECT FROM "Product" WHERE handle = product))
    DELETE FROM product_tag WHERE NOT EXISTS (SELECT FROM "Product" WHERE handle = product)`,
};
