import { type FilledShop, fillShop } from "@bulk/local/fill-shop";
import type pg from "pg";
import type { Host } from "../support/test-database.ts";
import { installWatch } from "./watch.ts";

export const ACTION_TYPES = ["delete_products", "delete_customers"] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

const ACCOUNT_COUNT = 3;
const SIZE = { products: 40_000, customers: 40_000, inUse: 800 };

/** One account: its token, and the ids of its records. */
export type ChaosShop = Pick<FilledShop, "accountId" | "token" | "inUseProductIds"> & {
  readonly recordIds: Readonly<Record<ActionType, readonly string[]>>;
};

/** Fills the shops of all accounts and begins the diary; on a stranger's database some records are kept by its rules. */
export async function fillShops(
  databaseUrl: string,
  client: pg.Pool,
  host: Host,
): Promise<readonly ChaosShop[]> {
  const shops: ChaosShop[] = [];
  for (let number = 1; number <= ACCOUNT_COUNT; number++) {
    const shop = await fillShop(databaseUrl, `chaos ${number}`, SIZE);
    const { accountId, token, inUseProductIds, productIds, customerIds } = shop;
    const recordIds = { delete_products: productIds.slice(SIZE.inUse), delete_customers: customerIds };
    shops.push({ accountId, token, inUseProductIds, recordIds });
  }
  await installWatch(client);
  if (host === "stranger") await client.query(HOST_RULES);
  // Recovery begins here, not before the shops.
  await client.query("CHECKPOINT");
  return shops;
}

// Of the records one in forty is vetoed, and one in four thousand has a deferred foreign key on it: each of those costs its
// chunk some twenty tries.
const HOST_RULES = `
  CREATE TEMP TABLE numbered AS
    SELECT id, action_type, row_number() OVER (ORDER BY id) AS number FROM chaos.records_before;
  INSERT INTO chaos.vetoed SELECT id FROM numbered WHERE number % 40 = 0;
  INSERT INTO legal_holds SELECT record_id FROM chaos.vetoed;
  INSERT INTO chaos.wished SELECT id FROM numbered WHERE number % 4000 = 20;
  INSERT INTO wishlist (product_id) SELECT id FROM numbered
    WHERE number % 4000 = 20 AND action_type = 'delete_products';
  INSERT INTO wishlist (customer_id) SELECT id FROM numbered
    WHERE number % 4000 = 20 AND action_type = 'delete_customers';
  DROP TABLE numbered;`;
