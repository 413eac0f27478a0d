import type { DeclaredShop } from "./declared-host.ts";

const MARKED = {
  set: { deletedAt: { now: "UTC" }, deletedBy: { bulk_action: "id" } },
  restore: { deletedAt: null, deletedBy: null },
} as const;

/**
 * A shop as Vendure is one: bigint keys, camel case, moments without zone, and products that are marked together with
 * their variants while the prices of these go. Accounts are rows of a join table for customers, a column for products.
 */
export const BIGINT_SHOP: DeclaredShop = {
  declaration: {
    records: {
      product: {
        ...{ schema: "shop", table: "product", key: { column: "id", type: "bigint" } },
        ...{ account: { column: "storeId", type: "integer" }, alive: '"deletedAt" IS NULL' },
        related: {
          variants: { table: "product_variant", on: { productId: "id" }, where: '"deletedAt" IS NULL' },
          prices: { table: "price", of: "variants", on: { variantId: "id" } },
          lines: { table: "order_line", of: "variants", on: { variantId: "id" } },
        },
        actions: {
          delete_products: {
            effect: "deleted",
            steps: [{ delete: "prices" }, { update: "variants", ...MARKED }, { update: "record", ...MARKED }],
            protections: [
              { code: "record.in_use", message: "The product is on an order line.", related: "lines" },
            ],
          },
        },
      },
      customer: {
        ...{ schema: "shop", table: "customer", key: { column: "id", type: "bigint" } },
        account: {
          join: {
            table: "customer_channel",
            record: { customerId: "id" },
            account: "channelId",
            type: "integer",
          },
        },
        alive: '"deletedAt" IS NULL',
        related: { orders: { table: "order", on: { customerId: "id" } } },
        actions: {
          delete_customers: {
            effect: "deleted",
            steps: [
              { update: "orders", set: { customerId: null } },
              { update: "record", ...MARKED },
            ],
          },
        },
      },
    },
  },
  tables: `
  CREATE SCHEMA shop;
  CREATE TABLE shop.product (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "storeId" integer NOT NULL, name text NOT NULL,
    "updatedAt" timestamp NOT NULL DEFAULT now(), "deletedAt" timestamp, "deletedBy" uuid);
  CREATE TABLE shop.product_variant (
    id serial PRIMARY KEY, "productId" bigint NOT NULL REFERENCES shop.product ON DELETE CASCADE,
    "deletedAt" timestamp, "deletedBy" uuid);
  CREATE INDEX ON shop.product_variant ("productId");
  CREATE TABLE shop.price (
    "variantId" integer NOT NULL REFERENCES shop.product_variant ON DELETE CASCADE, code text NOT NULL,
    PRIMARY KEY ("variantId", code));
  CREATE TABLE shop.customer (
    id bigserial PRIMARY KEY, name text NOT NULL, "updatedAt" timestamp NOT NULL DEFAULT now(),
    "deletedAt" timestamp, "deletedBy" uuid);
  CREATE TABLE shop.customer_channel (
    "customerId" bigint NOT NULL REFERENCES shop.customer ON DELETE CASCADE, "channelId" integer NOT NULL,
    PRIMARY KEY ("customerId", "channelId"));
  CREATE TABLE shop."order" (
    id bigserial PRIMARY KEY, "channelId" integer NOT NULL, "customerId" bigint REFERENCES shop.customer);
  CREATE INDEX ON shop."order" ("customerId");
  CREATE TABLE shop.order_line (
    id bigserial PRIMARY KEY, "orderId" bigint NOT NULL REFERENCES shop."order",
    "variantId" integer NOT NULL REFERENCES shop.product_variant);
  CREATE INDEX ON shop.order_line ("variantId");`,
};
