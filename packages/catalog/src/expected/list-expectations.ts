import type { RecordsFile } from "@bulk/records/declaration/records-file";
import { nameTarget, tableOf } from "@bulk/records/declaration/tables";
import { quoteIdentifier } from "@bulk/store/quote-identifier";
import type { TableChange } from "./read-catalogs.ts";

/** The foreign keys and triggers that the declaration of an action type was written for. */
export type Expectation = {
  readonly actionType: string;
  readonly changes: readonly TableChange[];
  /** Lines as `readCatalogs` returns them. */
  readonly lines: readonly string[];
};

/** Returns what each action of a file expects; nothing for an action without `expects`. */
export function listExpectations({ records }: RecordsFile): readonly Expectation[] {
  return Object.values(records).flatMap((record) =>
    Object.entries(record.actions).flatMap(([actionType, { steps, expects }]) => {
      if (expects === undefined) return [];
      const changes = steps.flatMap((step): readonly TableChange[] => {
        const table = tableOf(record, nameTarget(step));
        const change = "delete" in step ? "delete" : "update";
        return table === undefined ? [] : [{ actionType, table: quoteName(table), change }];
      });
      return [{ actionType, changes, lines: expects }];
    }),
  );
}

/** Quotes a table with its schema for `to_regclass`, which folds what is not quoted. */
export function quoteName({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}
