import type { Queryable } from "@bulk/store/database";
import type { FoundTable } from "./find-tables.ts";
import { type Column, readColumns } from "./read-columns.ts";
import { type Guards, readGuards } from "./read-guards.ts";
import { type Index, readIndexes } from "./read-indexes.ts";
import { type Reference, readReferences } from "./read-references.ts";
import { readTriggers, type Trigger } from "./read-triggers.ts";
import { readUniqueKeys, type UniqueKey } from "./read-unique-keys.ts";

/** What the catalogs say of a table and of everything that a deletion of its rows reaches. */
export type TableModel = FoundTable &
  Guards & {
    readonly columns: readonly Column[];
    readonly uniqueKeys: readonly UniqueKey[];
    readonly indexes: readonly Index[];
    readonly references: readonly Reference[];
    /** Of the table, and of each table whose rows go along or lose a reference. */
    readonly triggers: readonly Trigger[];
  };

/** Reads a table. Needs no right on it. */
export async function readTable(database: Queryable, table: FoundTable): Promise<TableModel> {
  const references = await readReferences(database, table.id);
  const changed = references.filter(({ rule }) => rule !== "RESTRICT" && rule !== "NO ACTION");
  const tableIds = [...new Set([table.id, ...changed.map(({ tableId }) => tableId)])];
  return {
    ...table,
    ...(await readGuards(database, table.id)),
    columns: await readColumns(database, table.id),
    uniqueKeys: await readUniqueKeys(database, table.id),
    indexes: await readIndexes(database, table.id),
    references,
    triggers: await readTriggers(database, tableIds),
  };
}
