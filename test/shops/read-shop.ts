import type { Shop } from "./generator/host.ts";
import { type Client, loadTable, readRows } from "./oracle/tables.ts";

/** The whole content of a shop: by table, its rows as sorted texts. */
export type Contents = ReadonlyMap<string, readonly string[]>;

/** What a bulk action wrote of its own: replaced by words, so that two runs can be compared. */
export type Traces = readonly { readonly actionId: string; readonly moment: string | undefined }[];

/** Reads every table of the shop, as the superuser, on a connection whose time zone is UTC. */
export async function readShop(client: Client, shop: Shop, traces: Traces): Promise<Contents> {
  const contents = new Map<string, readonly string[]>();
  const words = wordsOf(traces);
  for (const { schema, name, volatile = [] } of shop.tables) {
    const table = await loadTable(client, { schema, name });
    const rows = await readRows(client, table, "true");
    const texts = rows.map((row) => {
      const kept = Object.entries(row).filter(([column]) => !volatile.includes(column));
      return JSON.stringify(
        Object.fromEntries(kept.map(([column, value]) => [column, words.get(value ?? "") ?? value])),
      );
    });
    contents.set(table.sql, texts.sort());
  }
  return contents;
}

// A moment stands in columns with and without zone, in the zones that a declaration may name.
function wordsOf(traces: Traces): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  traces.forEach(({ actionId, moment }, index) => {
    words.set(actionId, `<id ${index}>`);
    if (moment === undefined) return;
    for (const zone of ["UTC", "Asia/Kolkata"]) words.set(inZone(moment, zone), `<now ${index} ${zone}>`);
    words.set(`${inZone(moment, "UTC")}+00`, `<now ${index}>`);
  });
  return words;
}

/** The moment, such as `2001-02-03 04:05:06.007+00`, as a column without zone shows it. Kolkata has no summer time. */
function inZone(moment: string, zone: string): string {
  const bare = moment.replace(/\+00$/, "");
  if (zone === "UTC") return bare;
  const [seconds = "", fraction = ""] = bare.split(/(?=\.)/);
  const shifted = new Date(Date.parse(`${seconds.replace(" ", "T")}Z`) + 5.5 * 3_600_000).toISOString();
  return `${shifted.slice(0, 19).replace("T", " ")}${fraction}`;
}

/** Every difference between what the service left and what must be left, as a sentence. */
export function compareContents(expected: Contents, left: Contents): readonly string[] {
  return [...left].flatMap(([table, rows]) => {
    const others = expected.get(table) ?? [];
    return [
      ...without(rows, others).map((row) => `${table}: only the service has ${row}`),
      ...without(others, rows).map((row) => `${table}: only the oracle has ${row}`),
    ];
  });
}

function without(rows: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return rows.filter((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
