import type pg from "pg";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import type { ChaosShop } from "./shop.ts";
import { installWatch } from "./watch.ts";

const ACCOUNT_COUNT = 3;
const SIZE = { products: 40_000, customers: 40_000, inUse: 800 };

/** Fills the shops of all accounts and begins the diary. */
export async function fillShops(
  databaseUrl: string,
  client: pg.Pool,
  host: ChaosHost,
): Promise<readonly ChaosShop[]> {
  await host.prepare(client);
  const shops: ChaosShop[] = [];
  for (let number = 1; number <= ACCOUNT_COUNT; number++) {
    shops.push(await host.fill(databaseUrl, client, number, SIZE));
  }
  await installWatch(client, host);
  await client.query(host.rules);
  // Recovery begins here, not before the shops.
  await client.query("CHECKPOINT");
  return shops;
}
