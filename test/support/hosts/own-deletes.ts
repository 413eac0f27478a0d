import type { HostName } from "./create-host.ts";

type Deletes = { readonly product: readonly string[]; readonly customer: readonly string[] };

/**
 * What the shops' own code does to delete one record, as the comparison in `examples/compare` has found it: statements with
 * the id as `$1`. They are written by hand, from the code and not from the declarations.
 */
export const OWN_DELETES: Readonly<Record<HostName, Deletes>> = {
  vendure: {
    product: [
      `UPDATE product SET "deletedAt" = now(), "updatedAt" = now() WHERE id = $1::integer`,
      `DELETE FROM product_option_groups_product_option_group WHERE "productId" = $1::integer`,
      `UPDATE product_variant SET "deletedAt" = now(), "updatedAt" = now() WHERE "productId" = $1::integer`,
    ],
    customer: [
      `DELETE FROM session WHERE "userId" = (SELECT "userId" FROM customer WHERE id = $1::integer)`,
      `UPDATE "user" SET "deletedAt" = now(), "updatedAt" = now()
       WHERE id = (SELECT "userId" FROM customer WHERE id = $1::integer)`,
      `UPDATE customer SET "deletedAt" = now(), "updatedAt" = now() WHERE id = $1::integer`,
    ],
  },
  medusa: {
    product: [
      ...markMedusa("inventory_item", inventoryItems("id")),
      ...markMedusa("inventory_level", inventoryItems("inventory_item_id")),
      ...markMedusa("product_variant_inventory_item", `variant_id IN (${variants()})`),
      ...markMedusa(
        "price",
        `price_set_id IN (SELECT price_set_id FROM product_variant_price_set WHERE variant_id IN (${variants()}))`,
      ),
      ...markMedusa(
        "price_rule",
        `price_id IN (SELECT price.id FROM price JOIN product_variant_price_set USING (price_set_id)
           WHERE variant_id IN (${variants()}))`,
      ),
      ...markMedusa(
        "price_set",
        `id IN (SELECT price_set_id FROM product_variant_price_set WHERE variant_id IN (${variants()}))`,
      ),
      ...markMedusa("product_variant_price_set", `variant_id IN (${variants()})`),
      ...markMedusa(
        "product_option_value",
        `option_id IN (SELECT product_option_id FROM product_product_option JOIN product_option o ON o.id = product_option_id
           WHERE product_id = $1 AND is_exclusive)`,
      ),
      ...markMedusa(
        "product_option",
        `is_exclusive AND id IN (SELECT product_option_id FROM product_product_option WHERE product_id = $1)`,
      ),
      ...markMedusa(
        "product_product_option_value",
        `product_product_option_id IN (SELECT l.id FROM product_product_option l
           JOIN product_option o ON o.id = product_option_id WHERE product_id = $1 AND is_exclusive)`,
      ),
      ...markMedusa(
        "product_product_option",
        `product_id = $1 AND product_option_id IN (SELECT id FROM product_option WHERE is_exclusive)`,
      ),
      ...["product_sales_channel", "product_shipping_profile", "image"].flatMap((table) =>
        markMedusa(table, "product_id = $1"),
      ),
      ...markMedusa("product_variant", "product_id = $1"),
      ...markMedusa("product", "id = $1"),
    ],
    customer: [
      ...markMedusa("customer_address", "customer_id = $1"),
      ...markMedusa("customer", "id = $1"),
      "DELETE FROM auth_identity WHERE app_metadata ->> 'customer_id' = $1",
    ],
  },
  evershop: {
    product: [
      "DELETE FROM url_redirect WHERE entity_urn = 'urn:evershop:catalog:product:' || $1",
      "DELETE FROM product WHERE uuid = $1::uuid",
    ],
    customer: ["DELETE FROM customer WHERE uuid = $1::uuid"],
  },
};

function markMedusa(table: string, condition: string): readonly string[] {
  return [
    `UPDATE ${table} SET deleted_at = now(), updated_at = now() WHERE deleted_at IS NULL AND (${condition})`,
  ];
}

/** A variant that was deleted before is not looked at, nor what it has. */
function variants(): string {
  return "SELECT id FROM product_variant WHERE product_id = $1 AND deleted_at IS NULL";
}

/** Items that no variant of another product is made of. */
function inventoryItems(column: string): string {
  return `${column} IN (
    SELECT inventory_item_id FROM product_variant_inventory_item link JOIN product_variant v ON v.id = variant_id
    WHERE link.deleted_at IS NULL AND v.deleted_at IS NULL
    GROUP BY inventory_item_id HAVING bool_and(v.product_id = $1))`;
}
