import type pg from "pg";
import type { HostReference, HostTable, Shop } from "./host.ts";
import { quote, quoteTable } from "./names.ts";

/** Creates the tables of a shop with their rows, references, indexes and rules, as the superuser. */
export async function buildShop(client: Pick<pg.ClientBase, "query">, shop: Shop): Promise<void> {
  for (const schema of new Set(shop.tables.map((table) => table.schema))) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`);
  }
  for (const table of shop.tables) await createTable(client, table);
  for (const table of shop.tables) {
    for (const reference of table.references) {
      await client.query(`ALTER TABLE ${quoteTable(table)} ADD ${writeReference(reference)}`);
    }
    for (const index of table.indexes) await client.query(index);
  }
  for (const rule of [...shop.rules, ...(shop.hostility?.statements ?? [])]) await client.query(rule);
}

async function createTable(client: Pick<pg.ClientBase, "query">, table: HostTable): Promise<void> {
  const name = quoteTable(table);
  const columns = table.columns.map((column) => `${quote(column.name)} ${column.type}`);
  const constraint = table.primaryKeyName === undefined ? "" : `CONSTRAINT ${table.primaryKeyName} `;
  const primaryKey = `${constraint}PRIMARY KEY (${table.primaryKey.map(quote).join(", ")})`;
  const partitions = table.partitionBy === undefined ? "" : ` PARTITION BY HASH (${table.partitionBy})`;
  await client.query(`CREATE TABLE ${name} (${[...columns, primaryKey].join(", ")})${partitions}`);
  if (table.partitionBy !== undefined) {
    for (const part of [0, 1, 2]) {
      const partition = quoteTable({ schema: table.schema, name: `part ${part}` });
      await client.query(
        `CREATE TABLE ${partition} PARTITION OF ${name} FOR VALUES WITH (MODULUS 3, REMAINDER ${part})`,
      );
    }
  }
  for (const row of table.rows) {
    const names = Object.keys(row);
    const places = names.map((_, index) => `$${index + 1}`);
    await client.query(
      `INSERT INTO ${name} (${names.map(quote).join(", ")}) OVERRIDING SYSTEM VALUE VALUES (${places.join(", ")})`,
      Object.values(row),
    );
  }
}

function writeReference({ columns, to, rule, deferrable }: HostReference): string {
  const [from, target] = [columns, to.columns].map((names) => names.map(quote).join(", "));
  return `FOREIGN KEY (${from}) REFERENCES ${quoteTable(to)} (${target}) ON DELETE ${rule} ${deferrable}`;
}
