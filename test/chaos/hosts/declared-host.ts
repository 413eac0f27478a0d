import { ALL_SCOPES } from "@bulk/domain/scope";
import { openForSeed } from "@bulk/local/fill-shop";
import type { RecordsFile } from "@bulk/records/declaration/records-file";
import { mintToken } from "@bulk/store/accounts/mint-token";
import type pg from "pg";
import { createServiceRole, grantDeclared } from "../../support/service-role.ts";
import type { ChaosShop } from "../shop.ts";
import type { ShopSize } from "./chaos-host.ts";

/** A shop with tables of its own, and the content of the file that declares them. */
export type DeclaredShop = { readonly declaration: RecordsFile; readonly tables: string };

/** Creates the role of the services, which may do what `pnpm admin grants` prints for this declaration. */
export async function grantService(database: pg.Pool, declaration: object): Promise<void> {
  const say = (sql: string) => database.query(sql);
  await createServiceRole(say);
  await grantDeclared(say, declaration);
}

/** Creates an account with this key and a token for it. */
export async function createAccount(
  databaseUrl: string,
  database: pg.Pool,
  account: { readonly name: string; readonly key: string },
): Promise<Pick<ChaosShop, "accountId" | "token">> {
  const { rows } = await database.query<{ id: string }>(
    "INSERT INTO bulk.accounts (name, key) VALUES ($1, $2) RETURNING id",
    [account.name, account.key],
  );
  const accountId = rows[0]?.id ?? "";
  const seeding = openForSeed(databaseUrl);
  try {
    const { secret } = await mintToken(seeding, { accountId, name: "chaos", scopes: ALL_SCOPES });
    return { accountId, token: secret };
  } finally {
    await seeding.$disconnect();
  }
}

/** Runs a statement that adds records and returns their ids, products or customers in the order of `number`. */
export async function addRecords(
  database: pg.Pool,
  statement: string,
  key: string,
  count: number,
): Promise<readonly string[]> {
  const { rows } = await database.query<{ ids: readonly string[] }>(
    `WITH added AS (${statement}) SELECT array_agg(id::text ORDER BY number) AS ids FROM added`,
    [key, count],
  );
  return rows[0]?.ids ?? [];
}

/** The ids of an account as the run uses them: those in use are apart. */
export function dealOut(
  productIds: readonly string[],
  customerIds: readonly string[],
  { inUse }: ShopSize,
): Pick<ChaosShop, "inUseProductIds" | "recordIds"> {
  return {
    inUseProductIds: productIds.slice(0, inUse),
    recordIds: { delete_products: productIds.slice(inUse), delete_customers: customerIds },
  };
}
