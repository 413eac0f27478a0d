import type { Action } from "@bulk/actions/action";
import type { ChunkEffect } from "@bulk/store/chunks/chunk-effect";
import type { Queryable } from "@bulk/store/database";
import { readTableShape } from "@bulk/store/inspection/table-shape";
import { mergeRights, type TableRights } from "@bulk/store/rights/needed-rights";
import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration } from "../../declaration/records-file.ts";
import { nameRestoration } from "../../declaration/restorable.ts";
import { nameTarget } from "../../declaration/tables.ts";
import { compileCondition, isOfAccount } from "../compile-conditions.ts";
import { compileKeptParts, tableIdentifier } from "../compile-follow-up.ts";
import { compileSet } from "../compile-set.ts";
import { keyColumn, loadTable } from "../names.ts";
import { type Conflict, listConflicts } from "./conflicts.ts";
import { insertedColumns, type KeptTable, kept_, readKept } from "./kept-rows.ts";
import { asMarked, ORIGIN, unmarkingSteps } from "./marks.ts";
import { restoreRelated } from "./restore-related.ts";

export type Restored = {
  readonly recordType: string;
  readonly record: RecordDeclaration;
  /** The type of the action that is taken back. */
  readonly type: string;
  readonly action: ActionDeclaration;
};

/** Compiles the action that takes another back. What it does in SQL depends on the tables as they are now: `compose`. */
export function compileRestoration({ recordType, record, type, action }: Restored): Action {
  const { schema, table } = loadTable(record);
  const isDeleted = deletesRecord(action);
  const common = {
    table: identifier(schema, table),
    key: { type: record.key.type, column: keyColumn(record), name: record.key.column },
  };
  return {
    ...common,
    type: nameRestoration(type, action),
    recordType,
    effect: "restored",
    restores: type,
    rights: collectRestoreRights(record, action),
    // Of the pieces of SQL, these are the ones that do not depend on the tables.
    change: isDeleted ? NO_INSERT : { kind: "update", set: compileSet(record.table, unmarked(action)) },
    condition: sql`false`,
    skipCode: sql`'record.purged'`,
    skips: SKIPS,
    ...(record.account === "none" && { needsOneAccount: true }),
    compose: async (database) => {
      const tables = await readTables(database, record, action);
      const follow = restoreRelated(record, action, tables);
      const own = tables.get("record");
      if (own === undefined) throw new Error("The table of the record was not read.");
      const effect = isDeleted ? insertRecord(record, own) : unmarkRecord(record, action, own);
      return { ...common, ...effect, ...(follow && { follow }) };
    },
  };
}

const NO_INSERT = { kind: "insert", columns: sql``, values: sql``, onConflict: sql`` } as const;

const SKIPS: Action["skips"] = {
  "record.exists": { message: "The record is there.", isAlreadyDone: true },
  "record.unique_taken": { message: "Another record has a value that must be unique:" },
  "record.parent_gone": { message: "A record that this one refers to is no longer there." },
  "record.purged": { message: "What is needed to bring the record back is not kept, or not any more." },
};

async function readTables(
  database: Queryable,
  record: RecordDeclaration,
  action: ActionDeclaration,
): Promise<ReadonlyMap<string, KeptTable>> {
  const tables = new Map<string, KeptTable>();
  const parts = compileKeptParts(record, action).map(({ part }) => part);
  for (const part of ["record", ...parts]) {
    const table = tableIdentifier(record, part);
    tables.set(part, { part, table, shape: await readTableShape(database, table.sql) });
  }
  return tables;
}

type Pieces = Pick<ChunkEffect, "change" | "condition" | "skipCode" | "candidates">;

function insertRecord(record: RecordDeclaration, { table, shape, part }: KeptTable): Pieces {
  const alias = identifier(record.table);
  const key = keyColumn(record);
  const from = sql`${kept_(part)} AS ${alias}`;
  // A join table's row may have gone with the record; the bulk action that is taken back has seen it.
  const belongs = typeof record.account === "object" && "join" in record.account ? [] : [isOfAccount(record)];
  const finds = [sql`${key} = chunk_records.bulk_record_id`, ...belongs];
  const exists = sql`EXISTS (
          SELECT FROM ${table} AS bulk_other WHERE bulk_other.${identifier(record.key.column)} = ${key})`;
  const conflicts = [
    { code: "record.exists", holds: exists },
    ...listConflicts({
      table,
      alias: record.table,
      key: record.key.column,
      image: sql`${alias}.*`,
      shape,
    }),
  ];
  return {
    // The origin is for related rows that were marked, not deleted.
    candidates: { queries: [ORIGIN, ...readKept({ part, table, shape })], from },
    change: {
      kind: "insert",
      ...insertedColumns(shape, record.table),
      onConflict: shape.isConflictSafe ? sql`ON CONFLICT DO NOTHING` : sql``,
    },
    condition: joinSql([...finds, ...conflicts.map(({ holds }) => sql`NOT ${holds}`)], AND),
    skipCode: explain(from, finds, conflicts),
  };
}

function unmarkRecord(record: RecordDeclaration, action: ActionDeclaration, own: KeptTable): Pieces {
  const marked = asMarked(record, action);
  const values = unmarked(action);
  const conflicts = listConflicts({
    table: own.table,
    alias: record.table,
    key: record.key.column,
    image: joinSql(
      own.shape.columns.map(({ name }) => sql`${imageOf(record, name, values)} AS ${identifier(name)}`),
      ", ",
    ),
    shape: { ...own.shape, references: [] },
  });
  const isOurs = compileCondition(marked, { ...action, already: undefined, protections: [] });
  const from = own.table;
  const finds = [sql`${keyColumn(record)} = chunk_records.bulk_record_id`, isOfAccount(record)];
  const isAlive = record.alive === undefined ? sql`true` : sql`(${written(record.alive)})`;
  return {
    candidates: { queries: [ORIGIN], from },
    change: { kind: "update", set: compileSet(record.table, values) },
    condition: joinSql([isOurs, ...conflicts.map(({ holds }) => sql`NOT ${holds}`)], AND),
    skipCode: explain(from, finds, [{ code: "record.exists", holds: isAlive }, ...conflicts]),
  };
}

// Typed by the column, whatever its type is.
function imageOf(record: RecordDeclaration, name: string, values: ReturnType<typeof unmarked>): Sql {
  const column = identifier(record.table, name);
  const value = values[name];
  if (value === undefined || (typeof value === "object" && value !== null)) return column;
  if (value === null) return sql`CASE WHEN false THEN ${column} END`;
  return sql`CASE WHEN true THEN ${value} ELSE ${column} END`;
}

function explain(from: Sql, finds: readonly Sql[], conflicts: readonly Conflict[]): Sql {
  const cases = conflicts.map(({ code, holds }) => sql`WHEN ${holds} THEN ${code}::text`);
  return sql`COALESCE((
        SELECT CASE ${joinSql(cases, "\n                    ")} END
        FROM ${from}
        WHERE ${joinSql(finds, AND)}
        LIMIT 1
      ), 'record.purged')`;
}

const AND = "\n        AND ";

function deletesRecord({ steps }: ActionDeclaration): boolean {
  return steps.some((step) => "delete" in step && step.delete === "record");
}

function unmarked(action: ActionDeclaration) {
  const step = unmarkingSteps(action).find((candidate) => nameTarget(candidate) === "record");
  return step !== undefined && "update" in step ? step.set : {};
}

function collectRestoreRights(record: RecordDeclaration, { steps }: ActionDeclaration): TableRights {
  return mergeRights(
    ...steps.map(
      (step): TableRights => ({
        [tableIdentifier(record, nameTarget(step)).sql]: ["SELECT", "delete" in step ? "INSERT" : "UPDATE"],
      }),
    ),
  );
}
