import type { Queryable } from "@bulk/store/database";
import { type FoundTable, findTables } from "../reading/find-tables.ts";
import { readTable, type TableModel } from "../reading/read-table.ts";

/** The catalogs, each table read once. */
export type LookUp = {
  find(schema: string, table: string): Promise<TableModel | undefined>;
  /** Returns tables that may have been meant: of the same name in another schema or in other letters. */
  findSimilar(table: string): Promise<readonly FoundTable[]>;
};

/** Opens a look-up for one check. */
export function openLookUp(database: Queryable): LookUp {
  const known = new Map<string, Promise<TableModel | undefined>>();
  async function read(schema: string, name: string): Promise<TableModel | undefined> {
    const [found] = await findTables(database, { schema, name });
    return found && (await readTable(database, found));
  }
  return {
    find(schema, table) {
      const key = JSON.stringify([schema, table]);
      const model = known.get(key) ?? read(schema, table);
      known.set(key, model);
      return model;
    },
    findSimilar: (table) => findTables(database, { schema: undefined, name: table, ignoresCase: true }),
  };
}
