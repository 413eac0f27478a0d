import type { Comparison, Difference } from "./find-differences.ts";
import type { Refused } from "./inside/main.ts";
import type { Shop } from "./shops.ts";

/** Prints what became of each table, and every difference. Returns whether all of them were told before. */
export function report(shop: Shop, comparisons: readonly Comparison[]): boolean {
  const touched = comparisons.filter(
    ({ deleted, changed, differences }) => deleted + changed + differences.length,
  );
  console.log("\ntable                                       untouched  deleted  changed  different");
  for (const { table, untouched, deleted, changed, differences } of touched) {
    const figures = [untouched, deleted, changed, differences.length].map((count) =>
      String(count).padStart(9),
    );
    console.log(`${table.padEnd(44)}${figures.join("")}`);
  }
  console.log(`${comparisons.length - touched.length} other tables: nothing changed on either side.`);
  for (const [table, reason] of Object.entries(shop.leftOut)) console.log(`${table} is left out. ${reason}`);
  const found = touched.flatMap(groupDifferences);
  for (const { table, difference, rows, example } of found) {
    console.log(`\n${table}: ${difference}: ${rows} rows, such as ${example}`);
    console.log(`  ${findTold(shop, table, difference)?.reason ?? "NOT EXPLAINED"}`);
  }
  const isTold = found.every(
    ({ table, difference, rows }) => findTold(shop, table, difference)?.rows === rows,
  );
  const isAllFound = shop.remaining.length === found.length;
  if (!isTold || !isAllFound) {
    console.log("\nThese are not the differences that the example tells:");
    for (const { table, difference, rows } of shop.remaining)
      console.log(`  ${table}: ${difference}: ${rows} rows`);
  }
  return isTold && isAllFound;
}

/** Prints which ids the two sides left alone. Returns whether these are the same, but for those that are told. */
export function reportRefused({ leftByService = {} }: Shop, byShop: Refused, byService: Refused): boolean {
  const only = Object.entries(byService).filter(([id]) => byShop[id] === undefined);
  const missing = Object.keys(byShop).filter((id) => byService[id] === undefined);
  console.log(`\nLeft alone by both: ${Object.keys(byShop).length - missing.length} records.`);
  for (const reason of countBy(Object.values(byShop).map(withoutIds))) console.log(`  the shop: ${reason}`);
  for (const reason of countBy(Object.values(byService))) console.log(`  the service: ${reason}`);
  for (const code of new Set(only.map(([, code]) => code))) {
    console.log(`${code}: left alone by the service only. ${leftByService[code] ?? "NOT EXPLAINED"}`);
  }
  if (missing.length > 0) console.log(`Left alone by the shop only: ${missing.join(", ")}`);
  return missing.length === 0 && only.every(([, code]) => leftByService[code] !== undefined);
}

/** The texts with how often each is there. */
function countBy(texts: readonly string[]): readonly string[] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, some]) => `${text} (${some.length})`);
}

function withoutIds(message: string): string {
  return message.replaceAll(/\w+_01\w{24}/g, "…");
}

function findTold({ remaining }: Shop, table: string, difference: string) {
  return remaining.find((told) => told.table === table && told.difference === difference);
}

function groupDifferences({ table, differences }: Comparison) {
  return [...Map.groupBy(differences, describe)].map(([difference, rows]) => ({
    ...{ table, difference, rows: rows.length },
    example: rows[0]?.id.slice(0, 200),
  }));
}

function describe({ columns, shop, service }: Difference): string {
  if (shop === undefined) return "only the service left the row";
  if (service === undefined) return "only the shop left the row";
  return columns.join(", ");
}
