import { isDeepStrictEqual } from "node:util";
import type { Row, Table } from "./read-tables.ts";

/** What became of the rows of one table. */
export type Comparison = {
  readonly table: string;
  /** Rows that neither side changed. */
  readonly untouched: number;
  /** Rows that both sides deleted. */
  readonly deleted: number;
  /** Rows that both sides changed, or wrote, alike. */
  readonly changed: number;
  readonly differences: readonly Difference[];
};

/** One row in which the two sides differ: as the shop's own code left it, and as the service did. Absent: deleted. */
export type Difference = {
  readonly id: string;
  readonly columns: readonly string[];
  readonly shop: Row | undefined;
  readonly service: Row | undefined;
};

/**
 * Compares a table before the deletions with what the shop's own code and the service left of it. Two moments count as
 * equal if both sides wrote one where the row had another or none before.
 */
export function compareTable(before: Table, shop: Table, service: Table): Comparison {
  const [origin, theirs, ours] = [before, shop, service].map(indexRows);
  const counts = { untouched: 0, deleted: 0, changed: 0 };
  const differences: Difference[] = [];
  const ids = new Set([before, shop, service].flatMap((table) => [...indexRows(table).keys()]));
  for (const id of ids) {
    const rows = { before: origin?.get(id), shop: theirs?.get(id), service: ours?.get(id) };
    const columns = listDifferingColumns(before, rows);
    if (columns.length > 0) differences.push({ id, columns, shop: rows.shop, service: rows.service });
    else if (rows.shop === undefined) counts.deleted += 1;
    else if (isDeepStrictEqual(rows.before, rows.shop)) counts.untouched += 1;
    else counts.changed += 1;
  }
  return { table: before.name, ...counts, differences };
}

/** By primary key. A row without one is its own key, with a number if there are equal ones. */
function indexRows({ key, rows }: Table): ReadonlyMap<string, Row> {
  const index = new Map<string, Row>();
  for (const row of rows) {
    const id = JSON.stringify(key.length > 0 ? key.map((column) => row[column]) : row);
    let name = id;
    for (let copy = 2; index.has(name); copy++) name = `${id} (${copy})`;
    index.set(name, row);
  }
  return index;
}

type Rows = { readonly [side in "before" | "shop" | "service"]: Row | undefined };

function listDifferingColumns({ moments }: Table, { before, shop, service }: Rows): readonly string[] {
  if (shop === undefined && service === undefined) return [];
  if (shop === undefined || service === undefined) return ["the row"];
  return Object.keys(shop).filter((column) => {
    const [was, theirs, ours] = [before?.[column], shop[column], service[column]];
    if (isDeepStrictEqual(theirs, ours)) return false;
    const isMoment = moments.includes(column) && theirs !== null && ours !== null;
    return !(isMoment && theirs !== was && ours !== was);
  });
}
