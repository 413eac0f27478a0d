import type { Databases } from "./databases.ts";
import { type Comparison, compareTable } from "./find-differences.ts";
import type { Refused } from "./inside/main.ts";
import type { Records } from "./inside/own-code.ts";
import { deleteByService } from "./our-service.ts";
import { runOwnCode } from "./own-shop.ts";
import { onlyColumns, readTables, type Table } from "./read-tables.ts";
import type { Shop } from "./shops.ts";

/** How many products, and how many customers, are deleted. */
const MOST_RECORDS = 100;

/** What both sides left alone, and what they made of every table. */
export type Outcome = {
  readonly refused: Refused;
  readonly skipped: Refused;
  readonly comparisons: readonly Comparison[];
};

/**
 * Fills a shop, unless an earlier run has, deletes the same records once by the shop's own code and once by the service,
 * each on a copy, and compares every table. `folder`: where the shop is installed.
 */
export async function compareShop(shop: Shop, databases: Databases, folder: string): Promise<Outcome> {
  const names = {
    before: `${shop.name}_filled`,
    shop: `${shop.name}_by_shop`,
    service: `${shop.name}_by_service`,
  };
  await fill(shop, databases, folder);
  for (const copy of [names.shop, names.service]) await databases.recreate(copy, names.before);
  const records = await chooseRecords(shop, databases);
  console.log(
    `Deleting ${records.products.length} products and ${records.customers.length} customers by the shop …`,
  );
  const place = { shop: shop.name, folder };
  const refused = await runOwnCode({ ...place, databaseUrl: databases.urlOf(names.shop), records });
  console.log("Deleting the same by the service …");
  const skipped = await deleteByService(shop, databases.urlOf(names.service), records);
  const [before, byShop, byService] = [
    await readShop(shop, databases, names.before),
    await readShop(shop, databases, names.shop),
    await readShop(shop, databases, names.service),
  ];
  return { refused, skipped, comparisons: compareAll(before, byShop, byService) };
}

async function fill({ name, ...shop }: Shop, databases: Databases, folder: string): Promise<void> {
  const database = `${name}_filled`;
  const unfinished = `${name}_unfinished`;
  const there = await databases.query("postgres", `SELECT FROM pg_database WHERE datname = '${database}'`);
  if (there.length > 0) return console.log(`${database} is there already.`);
  console.log(`Filling a shop of ${shop.packages[0]}; it takes minutes …`);
  await databases.recreate(unfinished);
  await runOwnCode({ shop: name, folder, databaseUrl: databases.urlOf(unfinished) });
  await databases.query("postgres", `ALTER DATABASE ${unfinished} RENAME TO ${database}`);
}

async function chooseRecords(shop: Shop, databases: Databases): Promise<Records> {
  async function choose(query: string): Promise<readonly string[]> {
    const chosen = `SELECT * FROM (${query} LIMIT ${MOST_RECORDS}) AS chosen (id)`;
    const rows = await databases.query<{ readonly id: string }>(`${shop.name}_filled`, chosen);
    return rows.map(({ id }) => id);
  }
  return { products: await choose(shop.products), customers: await choose(shop.customers) };
}

async function readShop({ leftOut, says }: Shop, databases: Databases, name: string) {
  const tables = await readTables((text) => databases.query(name, text));
  return tables
    .filter((table) => leftOut[table.name] === undefined)
    .map((table) => onlyColumns(table, says[table.name]));
}

function compareAll(before: readonly Table[], byShop: readonly Table[], byService: readonly Table[]) {
  const names = [before, byShop, byService].map((tables) => tables.map(({ name }) => name).join());
  if (new Set(names).size > 1) throw new Error("The sides have different tables.");
  return before.map((table, index) => compareTable(table, byShop[index] ?? table, byService[index] ?? table));
}
