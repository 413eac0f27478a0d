import { type FilledShop, fillShop } from "@bulk/local/fill-shop";
import { eventually } from "../support/eventually.ts";
import type { BenchEngines } from "./engines.ts";

/** The two kinds of records, by the action that deletes them. */
export type ActionType = "delete_products" | "delete_customers";

/** A shop, and which of its records an action of this type would delete. */
export type BenchShop = FilledShop & {
  readonly actionType: ActionType;
  readonly recordIds: readonly string[];
};

/** One product in a hundred stands on an order line. */
const IN_USE_SHARE = 0.01;

/**
 * Empties the database and loads it anew: this many records, freshly written, with statistics, and nothing
 * left for a checkpoint to do.
 */
export async function loadShop(
  { database, databaseUrl }: BenchEngines,
  actionType: ActionType,
  count: number,
): Promise<BenchShop> {
  // A sweep at the same moment may lock the tables in another order: then one of the two is refused.
  await eventually(() =>
    database.query("TRUNCATE bulk.bulk_actions, bulk.kept_rows, orders, customers, products CASCADE"),
  );
  const inUse = Math.ceil(count * IN_USE_SHARE);
  const isOfProducts = actionType === "delete_products";
  const size = isOfProducts ? { products: count, customers: 1_000 } : { products: inUse, customers: count };
  const shop = await fillShop(databaseUrl, "bench", { ...size, inUse });
  await database.query("VACUUM ANALYZE");
  await database.query("CHECKPOINT");
  return { ...shop, actionType, recordIds: isOfProducts ? shop.productIds : shop.customerIds };
}
