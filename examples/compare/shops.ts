import type { ShopName } from "./inside/main.ts";

/** A shop that the comparison knows. */
export type Shop = {
  readonly name: ShopName;
  /** What npm installs, exactly. */
  readonly packages: readonly string[];
  /** The key of the account that owns the records, if the shop has accounts. */
  readonly accountKey?: string;
  /** Queries for the ids of all products, and of all customers, that can be deleted; oldest first. */
  readonly products: string;
  readonly customers: string;
  /** Tables that are compared by these columns only, in any order: they have keys of their own for what they say. */
  readonly says: Readonly<Record<string, readonly string[]>>;
  /** Tables that are not compared, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Differences that remain. The page of the example tells the same. */
  readonly remaining: readonly Remaining[];
  /** Skip codes of records that only the service leaves alone, with the reason. */
  readonly leftByService?: Readonly<Record<string, string>>;
};

/** Rows of one table that differ in one way, how many these are, and why. */
export type Remaining = {
  readonly table: string;
  readonly difference: string;
  readonly rows: number;
  readonly reason: string;
};

const SHARED_LOGIN =
  "The customer's login is an administrator's as well. Medusa takes the customer out of a JSON column; no step can say that.";
const SHARED_ITEM =
  "Two products of one chunk share the item. Medusa deletes one after the other and marks it with the second.";

export const SHOPS: Readonly<Record<ShopName, Shop>> = {
  vendure: {
    name: "vendure",
    packages: ["@vendure/core@3.7.3", "pg@8.23.1"],
    accountKey: "1",
    products: `SELECT id::text FROM product WHERE "deletedAt" IS NULL ORDER BY product.id`,
    customers: `SELECT id::text FROM customer WHERE "deletedAt" IS NULL ORDER BY customer.id`,
    says: {},
    leftOut: { job_record: "Vendure's job queue: its search index learns of the deletion from there." },
    remaining: [],
  },
  medusa: {
    name: "medusa",
    packages: ["@medusajs/medusa@2.21.2", "@medusajs/framework@2.21.2", "@medusajs/cli@2.21.2"],
    products: "SELECT id FROM product WHERE deleted_at IS NULL ORDER BY id",
    customers: "SELECT id FROM customer WHERE deleted_at IS NULL ORDER BY id",
    says: {},
    leftOut: {},
    remaining: [
      {
        table: "auth_identity",
        difference: "updated_at, app_metadata",
        rows: 7,
        reason: SHARED_LOGIN,
      },
      { table: "customer", difference: "deleted_at, updated_at", rows: 7, reason: SHARED_LOGIN },
      { table: "customer_address", difference: "deleted_at, updated_at", rows: 7, reason: SHARED_LOGIN },
      { table: "inventory_item", difference: "deleted_at, updated_at", rows: 1, reason: SHARED_ITEM },
      { table: "inventory_level", difference: "deleted_at, updated_at", rows: 1, reason: SHARED_ITEM },
    ],
    leftByService: { "record.shared_login": SHARED_LOGIN },
  },
  evershop: {
    name: "evershop",
    packages: ["@evershop/evershop@2.2.1"],
    products: "SELECT uuid::text FROM product ORDER BY product_id",
    customers: "SELECT uuid::text FROM customer ORDER BY customer_id",
    // Written by a trigger, one row for each deleted record.
    says: { event: ["name", "data"] },
    leftOut: {},
    remaining: [],
  },
};
