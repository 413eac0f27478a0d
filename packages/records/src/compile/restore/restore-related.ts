import type { FollowUp } from "@bulk/store/chunks/chunk-effect";
import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration, Step } from "../../declaration/records-file.ts";
import { takesBackMarks } from "../../declaration/restorable.ts";
import { nameTarget } from "../../declaration/tables.ts";
import {
  change,
  compareCounts,
  compileKeptParts,
  detachedColumns,
  distinctParents,
  find,
  found_,
  listNames,
  tableIdentifier,
} from "../compile-follow-up.ts";
import { loadRelated, referredColumns } from "../names.ts";
import { parentKeys, refersToParent, tableAs } from "../related-rows.ts";
import { insertedColumns, type KeptTable, kept_, readKept } from "./kept-rows.ts";
import { asMarked, unmarkingSteps } from "./marks.ts";

/** Brings back what went with the records: deleted rows, marks, and references that are still null. */
export function restoreRelated(
  record: RecordDeclaration,
  action: ActionDeclaration,
  tables: ReadonlyMap<string, KeptTable>,
): FollowUp | undefined {
  const kept = new Set(compileKeptParts(record, action).map(({ part }) => part));
  const related = action.steps.filter(
    (step) => nameTarget(step) !== "record" && (kept.has(nameTarget(step)) || takesBackMarks(step)),
  );
  if (related.length === 0) return undefined;
  const names = listNames(record, related);
  const marked = asMarked(record, action);
  const unmarking = unmarkingSteps(action).filter((step) => nameTarget(step) !== "record");
  const deleted = new Set(related.flatMap((step) => ("delete" in step ? [step.delete] : [])));
  const detached = related.filter((step) => detachedColumns(record, step).length > 0);
  const tableNamed = (name: string): KeptTable => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`The table of ${name} was not read.`);
    return table;
  };
  return {
    columns: referredColumns(record, "record", names).map((column) => identifier(record.table, column)),
    queries: [
      ...names.flatMap((name) =>
        deleted.has(name)
          ? insertKept(record, name, names, tableNamed(name))
          : [find(marked, name, names, unmarking)],
      ),
      ...unmarking.map((step) => change(marked, step)),
      ...detached.flatMap((step) => reattach(record, step, tableNamed(nameTarget(step)))),
    ],
    isComplete: joinSql(
      [
        sql`true`,
        ...compareCounts(marked, unmarking),
        ...[...deleted].map(
          (name) => sql`(SELECT count(*) FROM ${wanted_(name)}) = (SELECT count(*) FROM ${found_(name)})`,
        ),
      ],
      "\n      AND ",
    ),
    changes: related.map((step) => ({
      table: tableIdentifier(record, nameTarget(step)),
      change: { kind: "delete" in step ? "insert" : "update" },
    })),
  };
}

function insertKept(
  record: RecordDeclaration,
  name: string,
  names: readonly string[],
  kept: KeptTable,
): readonly Sql[] {
  const { columns, values } = insertedColumns(kept.shape, name);
  const referred = referredColumns(record, name, names).map((column) => identifier(name, column));
  return [
    ...readKept(kept),
    sql`${wanted_(name)} AS MATERIALIZED (${wantKept(record, name)}
    )`,
    sql`${found_(name)} AS (
      INSERT INTO ${tableAs(record, name)} (${columns}) OVERRIDING SYSTEM VALUE
      SELECT ${values} FROM ${wanted_(name)} AS ${identifier(name)}
      RETURNING ${referred.length === 0 ? sql`true` : joinSql(referred, ", ")}
    )`,
  ];
}

// The kept rows that went with the records that come back.
function wantKept(record: RecordDeclaration, name: string): Sql {
  const related = loadRelated(record, name);
  const alias = identifier(name);
  const first = sql`${kept_(name)} AS ${alias} CROSS JOIN (${distinctParents(record, name)}) AS bulk_parent
      WHERE ${refersToParent(name, related)}`;
  if (!related.recursive)
    return sql`
      SELECT ${alias}.* FROM ${first}`;
  const columns = joinSql(
    [...Object.values(related.on).map((column) => identifier(name, column)), sql`${alias}.bulk_ordinal`],
    ", ",
  );
  return sql`
      WITH RECURSIVE bulk_found AS (
        SELECT ${columns} FROM ${first}
        UNION
        SELECT ${columns} FROM (${parentKeys(related, sql`bulk_found`)}) AS bulk_parent
        JOIN ${kept_(name)} AS ${alias} ON ${refersToParent(name, related)}
      )
      SELECT ${alias}.* FROM ${kept_(name)} AS ${alias}
      WHERE bulk_ordinal IN (SELECT bulk_ordinal FROM bulk_found)`;
}

// Only where nobody has set the reference since.
function reattach(record: RecordDeclaration, step: Step, kept: KeptTable): readonly Sql[] {
  const name = nameTarget(step);
  const columns = detachedColumns(record, step).map((column) => identifier(column));
  const { primaryKey } = kept.shape;
  if (primaryKey.length === 0) return [];
  const set = columns.map((column) => sql`${column} = bulk_wanted.${column}`);
  const isSame = primaryKey.map(
    (column) => sql`bulk_target.${identifier(column)} = bulk_wanted.${identifier(column)}`,
  );
  const isNull = columns.map((column) => sql`bulk_target.${column} IS NULL`);
  return [
    ...readKept(kept),
    sql`attached_${written(name)} AS (
      UPDATE ${tableIdentifier(record, name)} AS bulk_target SET ${joinSql(set, ", ")}
      FROM (${wantKept(record, name)}) AS bulk_wanted
      WHERE ${joinSql([...isSame, ...isNull], " AND ")}
    )`,
  ];
}

function wanted_(name: string): Sql {
  return written(`wanted_${name}`);
}
