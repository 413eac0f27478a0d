import { ALL_SCOPES } from "@bulk/domain/scope";
import { openDatabase } from "@bulk/store/database";
import { type SeededShop, type ShopSize, seedShop } from "@bulk/store/seed-shop";
import { mintToken } from "./mint-token.ts";

/** A shop to try things on, and the secret to try them with. */
export type FilledShop = SeededShop & { readonly token: string };

/** Adds records to the account of this name and mints a token for it. */
export async function fillShop(databaseUrl: string, account: string, size: ShopSize): Promise<FilledShop> {
  const database = openDatabase({
    url: databaseUrl,
    applicationName: "bulk-actions-seed",
    poolSize: 1,
    lockTimeoutMs: 10_000,
    statementTimeoutMs: 600_000,
  });
  try {
    const shop = await seedShop(database, account, size);
    const { secret } = await mintToken(database, {
      accountId: shop.accountId,
      name: "seed",
      scopes: ALL_SCOPES,
    });
    return { ...shop, token: secret };
  } finally {
    await database.$disconnect();
  }
}
