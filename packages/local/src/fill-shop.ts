import { ALL_SCOPES } from "@bulk/domain/scope";
import { mintToken } from "@bulk/store/accounts/mint-token";
import { type Database, openDatabase } from "@bulk/store/database";
import { type SeededShop, type ShopSize, seedShop } from "@bulk/store/seed-shop";

/** A sample shop and the secret of a token for it. */
export type FilledShop = SeededShop & { readonly token: string };

/** Adds records to the account of this name, and creates a token for it. */
export async function fillShop(databaseUrl: string, account: string, size: ShopSize): Promise<FilledShop> {
  const database = openForSeed(databaseUrl);
  try {
    return await fillShopOf(database, account, size);
  } finally {
    await database.$disconnect();
  }
}

/** The same over an open database, for many shops one after another. */
export async function fillShopOf(database: Database, account: string, size: ShopSize): Promise<FilledShop> {
  const shop = await seedShop(database, account, size);
  const { accountId } = shop;
  const { secret } = await mintToken(database, { accountId, name: "seed", scopes: ALL_SCOPES });
  return { ...shop, token: secret };
}

/** Opens a database for `fillShopOf`: a single connection that may take its time. */
export function openForSeed(databaseUrl: string): Database {
  return openDatabase({
    url: databaseUrl,
    applicationName: "bulk-actions-seed",
    poolSize: 1,
    lockTimeoutMs: 10_000,
    statementTimeoutMs: 600_000,
  });
}
