import { expect, test } from "vitest";
import { looksLikeMoney, toPlural, toSingular, toSnakeCase } from "./words.ts";

test.each([
  ["customers", "customer", "customers"],
  ["OrderLine", "order_line", "order_lines"],
  ["categories", "category", "categories"],
  ["gift boxes", "gift_box", "gift_boxes"],
  ["addresses", "address", "addresses"],
  ["status", "status", "statuses"],
  ["product", "product", "products"],
  ["news", "news", "news"],
  ["keys", "key", "keys"],
])("a record of %s is a %s, of %s", (table, singular, plural) => {
  expect(toSingular(toSnakeCase(table))).toBe(singular);
  expect(toPlural(singular)).toBe(plural);
});

test.each([
  "order_line",
  "orders",
  "OrderItem",
  "order_orderline",
  "sales_invoices",
  "spree_line_items",
  "lineItem",
])("%s looks like orders or money", (table) => expect(looksLikeMoney(table)).toBe(true));

test.each(["product", "reorder_rule", "price", "cart", "border"])("%s does not", (table) =>
  expect(looksLikeMoney(table)).toBe(false),
);
