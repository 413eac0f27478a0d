import { type FilledShop, fillShop } from "@bulk/local/fill-shop";
import type pg from "pg";
import { installWatch } from "./watch.ts";

export const ACTION_TYPES = ["delete_products", "delete_customers"] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

const ACCOUNT_COUNT = 3;
const SIZE = { products: 40_000, customers: 40_000, inUse: 800 };

/** One account: its token, and the ids of its records. */
export type ChaosShop = Pick<FilledShop, "accountId" | "token" | "inUseProductIds"> & {
  readonly recordIds: Readonly<Record<ActionType, readonly string[]>>;
};

/** Fills the shops of all accounts and begins the diary. */
export async function fillShops(databaseUrl: string, client: pg.Pool): Promise<readonly ChaosShop[]> {
  const shops: ChaosShop[] = [];
  for (let number = 1; number <= ACCOUNT_COUNT; number++) {
    const shop = await fillShop(databaseUrl, `chaos ${number}`, SIZE);
    const { accountId, token, inUseProductIds, productIds, customerIds } = shop;
    const recordIds = { delete_products: productIds.slice(SIZE.inUse), delete_customers: customerIds };
    shops.push({ accountId, token, inUseProductIds, recordIds });
  }
  await installWatch(client);
  // Recovery begins here, not before the shops.
  await client.query("CHECKPOINT");
  return shops;
}
