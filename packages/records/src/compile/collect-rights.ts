import { mergeRights, type TableRights } from "@bulk/store/rights/needed-rights";
import { identifier } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration } from "../declaration/records-file.ts";
import { nameTarget } from "../declaration/tables.ts";
import { loadTable, pathTo } from "./names.ts";

/** The rights on tables that an action needs. A cascade needs none: PostgreSQL runs it as the table's owner. */
export function collectRights(
  record: RecordDeclaration,
  { steps, protections = [] }: ActionDeclaration,
): TableRights {
  const filters = Object.values(record.filters ?? {});
  const changed = steps.map(
    (step): TableRights => ({
      [nameTable(record, nameTarget(step))]: ["SELECT", "delete" in step ? "DELETE" : "UPDATE"],
    }),
  );
  const names = [
    ...steps.map(nameTarget).filter((name) => name !== "record"),
    ...protections.flatMap((protection) => ("related" in protection ? protection.related : [])),
    ...filters.flatMap((filter) => ("related" in filter ? filter.related : [])),
  ];
  const read = names.flatMap((name) => pathTo(record, name)).map((name) => reading(nameTable(record, name)));
  return mergeRights(...changed, ...read, ...readJoin(record));
}

function readJoin(record: RecordDeclaration): readonly TableRights[] {
  const { account } = record;
  if (account === "none" || "column" in account) return [];
  const { schema = loadTable(record).schema, table } = account.join;
  return [reading(identifier(schema, table).sql)];
}

function reading(table: string): TableRights {
  return { [table]: ["SELECT"] };
}

function nameTable(record: RecordDeclaration, target: string): string {
  const { schema, table } = loadTable(record, target);
  return identifier(schema, table).sql;
}
