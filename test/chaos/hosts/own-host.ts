import { fillShop } from "@bulk/local/fill-shop";
import type { ChaosHost } from "./chaos-host.ts";

/** The sample shop: uuid keys, records that are deleted. */
export const ownHost: ChaosHost = {
  declaration: undefined,
  serviceUrl: (databaseUrl) => databaseUrl,
  prepare: async () => undefined,
  async fill(databaseUrl, _database, number, size) {
    const { accountId, token, ...shop } = await fillShop(databaseUrl, `chaos ${number}`, size);
    const products = shop.productIds.slice(size.inUse);
    const recordIds = { delete_products: products, delete_customers: shop.customerIds };
    return { accountId, token, inUseProductIds: shop.inUseProductIds, recordIds };
  },
  unknownId: (random) => random.uuid(),
  lens: `
    CREATE VIEW chaos.present AS
      SELECT 'delete_products' AS action_type, id::text AS record_id, account_id FROM public.products
      UNION ALL SELECT 'delete_customers', id::text, account_id FROM public.customers;
    CREATE VIEW chaos.lines AS SELECT id::text, product_id::text AS record_id FROM public.line_items;
    CREATE VIEW chaos.orders AS SELECT id::text, account_id FROM public.orders;
    CREATE FUNCTION chaos.note_deletions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.deletions
        SELECT 'delete_' || TG_TABLE_NAME, id::text, account_id, pg_current_xact_id(), clock_timestamp() FROM gone;
        RETURN NULL;
      END $$;
    CREATE TRIGGER chaos_note AFTER DELETE ON public.products REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_deletions();
    CREATE TRIGGER chaos_note AFTER DELETE ON public.customers REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_deletions();
    CREATE TRIGGER chaos_slow AFTER DELETE ON public.products FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();
    CREATE TRIGGER chaos_slow AFTER DELETE ON public.customers FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();`,
  rules: "",
  enforcesLines: true,
  placeOrder: `
    WITH product AS (SELECT id, account_id FROM public.products WHERE id = ANY ($1::uuid[]) LIMIT $2),
    placed AS (
      INSERT INTO public.orders (id, account_id)
      SELECT gen_random_uuid(), account_id FROM (SELECT DISTINCT account_id FROM product) AS account
      RETURNING id, account_id)
    INSERT INTO public.line_items (order_id, product_id)
    SELECT placed.id, product.id FROM product JOIN placed USING (account_id)`,
  edit: { delete_products: editSql("products"), delete_customers: editSql("customers") },
  checks: [],
};

function editSql(table: string): string {
  return `UPDATE public.${table} SET name = name || ' (edited)', updated_at = clock_timestamp()
    WHERE id IN (SELECT id FROM public.${table} WHERE id = ANY ($1::uuid[]) LIMIT $2)`;
}
