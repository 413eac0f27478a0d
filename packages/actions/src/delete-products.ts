import { sql } from "@bulk/store/sql";
import type { Action } from "./action.ts";

/**
 * Deletes products of the account. A product that stands on an order line is skipped as `record.in_use`
 * (archive it instead). An order line that arrives while the statement runs makes the foreign key refuse
 * it; the second try sees the line and skips exactly that product.
 */
export const deleteProducts: Action = {
  type: "delete_products",
  rights: { products: ["SELECT", "DELETE"], line_items: ["SELECT"] },
  table: sql`products`,
  change: sql`DELETE FROM products USING chunk_records`,
  condition: sql`
    products.id = chunk_records.record_id
      AND products.account_id = chunk_records.account_id
      AND NOT EXISTS (SELECT FROM line_items WHERE line_items.product_id = products.id)`,
  skipCode: sql`
    CASE WHEN EXISTS (
      SELECT FROM products JOIN line_items ON line_items.product_id = products.id
      WHERE products.id = chunk_records.record_id AND products.account_id = chunk_records.account_id
    ) THEN 'record.in_use' ELSE 'record.not_found' END`,
};
