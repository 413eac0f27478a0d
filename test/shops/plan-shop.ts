import { type Plan, planRecord } from "@bulk/catalog/plan/plan-record";
import { findTables } from "@bulk/catalog/reading/find-tables";
import { readTable } from "@bulk/catalog/reading/read-table";
import { openDatabase } from "@bulk/store/database";
import type { DeclaredRecord } from "./declaration.ts";
import type { Shop } from "./generator/host.ts";

/**
 * Plans the deletion of the shop's records, as an operator would who says which column is the key, whose the records are
 * and what marks them.
 */
export async function planShop(superuserUrl: string, shop: Shop): Promise<Plan> {
  const declared = shop.declaration.records["product"];
  if (declared === undefined) throw new Error("The shop declares no product.");
  const database = openDatabase({
    ...{ url: superuserUrl, applicationName: "shops", poolSize: 1 },
    ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
  });
  try {
    const { schema = "public", table: name } = declared;
    const [found] = await findTables(database, { schema, name });
    if (found === undefined) throw new Error("The table of the records is not there.");
    const mayCascadeTo = shop.tables.map((table) => `${table.schema}.${table.name}`);
    return await planRecord(database, await readTable(database, found), {
      ...{ record: "product", actionType: "delete_products", key: declared.key.column },
      ...{ account: wishedAccount(declared), mark: shop.mark ?? "none", protect: [], mayCascadeTo },
    });
  } finally {
    await database.$disconnect();
  }
}

function wishedAccount({ account }: DeclaredRecord): string {
  if (account === "none") return "none";
  return "column" in account ? account.column : `${account.join.table}.${account.join.account}`;
}
