import { createRegistry } from "@bulk/actions/registry";
import { compileRecords } from "@bulk/records/compile/compile-records";
import { BIGINT_SHOP } from "../../chaos/hosts/bigint-shop.ts";
import { type ModelHost, REFUSALS } from "./model-host.ts";

/** A shop that marks: products together with their variants, while the prices of these go; orders are not enforced. */
export const bigintHost: ModelHost = {
  registry: createRegistry(compileRecords(BIGINT_SHOP.declaration)),
  keyType: "bigint",
  hasParts: true,
  enforcesOrders: false,
  tables: `
    ${BIGINT_SHOP.tables}
    ${REFUSALS}
    CREATE TABLE shop.wish ("variantId" integer, code text,
      FOREIGN KEY ("variantId", code) REFERENCES shop.price DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER refuse BEFORE UPDATE OF "deletedAt" ON shop.product FOR EACH ROW
      WHEN (OLD.name = 'product that refuses') EXECUTE FUNCTION refuse('P0001');
    CREATE TRIGGER refuse_all BEFORE UPDATE OF "deletedAt" ON shop.product FOR EACH ROW
      WHEN (OLD.name = 'product that is too much') EXECUTE FUNCTION refuse('53100');
    CREATE TRIGGER keep BEFORE UPDATE OF "deletedAt" ON shop.product FOR EACH ROW
      WHEN (OLD.name = 'product that is kept') EXECUTE FUNCTION keep();
    CREATE TRIGGER refuse BEFORE DELETE ON shop.price FOR EACH ROW
      WHEN (OLD.code = 'product whose part refuses') EXECUTE FUNCTION refuse('P0001');
    CREATE TRIGGER keep BEFORE DELETE ON shop.price FOR EACH ROW
      WHEN (OLD.code = 'product whose part is kept') EXECUTE FUNCTION keep();`,
  writeId: (run, index) => String(2n ** 53n + BigInt(run) * 1_000n + BigInt(index)),
  fill: `
    WITH shop AS (SELECT * FROM unnest($3::bigint[], $4::text[]) AS shop (id, kind)),
    own AS (
      INSERT INTO bulk.accounts (id, name, key)
      VALUES ($1, $5 || ' own', $5::integer * 2), ($2, $5 || ' other', $5::integer * 2 + 1)
    ),
    filled AS (
      INSERT INTO shop.product (id, "storeId", name) OVERRIDING SYSTEM VALUE
      SELECT id, $5::integer * 2 + (kind = 'product of another account')::integer, kind
      FROM shop WHERE kind LIKE 'product%'
    ),
    variants AS (
      INSERT INTO shop.product_variant ("productId")
      SELECT id FROM shop, generate_series(1, 2) WHERE kind LIKE 'product%' RETURNING id, "productId"
    ),
    priced AS (
      INSERT INTO shop.price ("variantId", code)
      SELECT variants.id, code FROM variants JOIN shop ON shop.id = "productId", unnest(ARRAY['EUR', kind]) AS code
    ),
    wished AS (
      INSERT INTO shop.wish
      SELECT max(variants.id), 'EUR' FROM variants JOIN shop ON shop.id = "productId"
      WHERE kind = 'product on a wish list' GROUP BY shop.id
    ),
    customers AS (INSERT INTO shop.customer (id, name) SELECT id, kind FROM shop WHERE kind = 'customer'),
    placed AS (INSERT INTO shop."order" ("channelId") VALUES ($5::integer * 2) RETURNING id)
    INSERT INTO shop.order_line ("orderId", "variantId")
    SELECT placed.id, min(variants.id) FROM placed, variants JOIN shop ON shop.id = "productId"
    WHERE kind = 'product on an order' GROUP BY shop.id, placed.id`,
  look: `
    SELECT * FROM (
      SELECT id::text, "deletedAt" IS NULL AS is_there,
        EXISTS (
          SELECT FROM shop.product_variant variant WHERE "productId" = product.id AND (
            (variant."deletedAt", variant."deletedBy") IS DISTINCT FROM (product."deletedAt", product."deletedBy")
            OR (SELECT count(*) FROM shop.price WHERE "variantId" = variant.id)
              <> CASE WHEN product."deletedAt" IS NULL THEN 2 ELSE 0 END
            OR EXISTS (SELECT FROM bulk.bulk_actions
              WHERE id = product."deletedBy" AND created_at <> product."deletedAt" AT TIME ZONE 'UTC'))) AS is_torn
      FROM shop.product WHERE id = ANY ($1::bigint[])
      UNION ALL SELECT id::text, true, false FROM shop.customer WHERE id = ANY ($1::bigint[])) AS record
    WHERE is_there OR is_torn`,
  deeds: {
    order: `
      WITH placed AS (
        INSERT INTO shop."order" ("channelId") SELECT key::integer FROM bulk.accounts WHERE id = $2 RETURNING id)
      INSERT INTO shop.order_line ("orderId", "variantId")
      SELECT placed.id, min(variant.id) FROM placed, shop.product
      JOIN shop.product_variant variant ON "productId" = product.id
      WHERE product.id = $1 AND product."deletedAt" IS NULL GROUP BY placed.id`,
    remove: `
      WITH marked AS (
        UPDATE shop.product SET "deletedAt" = now() AT TIME ZONE 'UTC' WHERE id = $1 AND "deletedAt" IS NULL
        RETURNING id, "deletedAt"),
      variants AS (
        UPDATE shop.product_variant variant SET "deletedAt" = marked."deletedAt" FROM marked
        WHERE "productId" = marked.id RETURNING variant.id),
      prices AS (DELETE FROM shop.price USING variants WHERE "variantId" = variants.id)
      SELECT FROM marked`,
    hold: `SELECT FROM shop.product WHERE id = $1 AND "deletedAt" IS NULL FOR UPDATE`,
  },
  stepsApart: `
    WITH variants AS (
      UPDATE shop.product_variant variant SET "deletedAt" = product."deletedAt", "deletedBy" = product."deletedBy"
      FROM shop.product
      WHERE product.id = "productId" AND product."deletedAt" IS NOT NULL AND variant."deletedAt" IS NULL
      RETURNING variant.id)
    DELETE FROM shop.price USING variants WHERE "variantId" = variants.id`,
};
