import { type FollowUp, type KeptPart, keptLine } from "@bulk/store/chunks/chunk-effect";
import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration, Step } from "../declaration/records-file.ts";
import { isOnTable, nameTarget } from "../declaration/tables.ts";
import { compileSet } from "./compile-set.ts";
import { loadRelated, loadTable, parentOf, pathTo, referredColumns } from "./names.ts";
import { descend, parentKeys, refersToParent, rowIdentity, tableAs, whereOf } from "./related-rows.ts";

/** What an action does after it has changed the records, or `undefined` if that is nothing. */
export function compileFollowUp(
  record: RecordDeclaration,
  { steps, notify }: ActionDeclaration,
  type: string,
): FollowUp | undefined {
  const related = steps.filter((step) => nameTarget(step) !== "record");
  if (related.length === 0 && notify === undefined) return undefined;
  const names = listNames(record, related);
  const complete = [
    ...compareCounts(record, related),
    ...(notify === undefined ? [] : [sql`(SELECT count FROM notified) IS NOT NULL`]),
  ];
  return {
    columns: referredColumns(record, "record", names).map((column) => identifier(record.table, column)),
    queries: [
      ...names.map((name) => find(record, name, names, related)),
      ...related.map((step) => change(record, step)),
      ...(notify === undefined ? [] : [announce(notify, type)]),
    ],
    isComplete: joinSql(complete, "\n      AND "),
    changes: related.map((step) => ({
      table: tableIdentifier(record, nameTarget(step)),
      change: { kind: "delete" in step ? "delete" : "update" },
    })),
  };
}

/** The related rows that a restore needs: those that the steps delete, and those that they detach. */
export function compileKeptParts(
  record: RecordDeclaration,
  { steps }: ActionDeclaration,
): readonly KeptPart[] {
  return steps.flatMap((step) => {
    const part = nameTarget(step);
    if (part === "record") return [];
    const isKept = "delete" in step || detachedColumns(record, step).length > 0;
    const from = "delete" in step ? changed_(part) : found_(part);
    return isKept ? [{ part, table: tableIdentifier(record, part), from }] : [];
  });
}

/** The columns of related rows by which they refer to their parents, and which the step sets to NULL. */
export function detachedColumns(record: RecordDeclaration, step: Step): readonly string[] {
  if ("delete" in step || step.update === "record") return [];
  const referring = Object.keys(loadRelated(record, step.update).on);
  return Object.entries(step.set).flatMap(([column, value]) =>
    value === null && referring.includes(column) ? [column] : [],
  );
}

/** The related rows that the steps need, parents before their children. */
export function listNames(record: RecordDeclaration, steps: readonly Step[]): readonly string[] {
  return [...new Set(steps.flatMap((step) => pathTo(record, nameTarget(step))))];
}

// What was found is read at the beginning of the statement. Compared with what was changed, it shows what was kept.
/** A named query of related rows: the columns that their children refer to. Reads the queries of their parents. */
export function find(
  record: RecordDeclaration,
  name: string,
  names: readonly string[],
  steps: readonly Step[],
): Sql {
  const related = loadRelated(record, name);
  const isDetached = steps.some(
    (step) => nameTarget(step) === name && detachedColumns(record, step).length > 0,
  );
  const columns = [
    ...referredColumns(record, name, names).map((column) => identifier(name, column)),
    ...(isDetached ? [keptLine(identifier(name))] : []),
  ];
  const conditions = excludeRecords(record, name);
  const from = sql`(${distinctParents(record, name)}) AS bulk_parent
      CROSS JOIN ${tableAs(record, name)}`;
  const refers = refersToParent(name, related);
  if (related.recursive) {
    const found = descend({ record, name, first: { from, conditions: [refers] }, conditions, columns });
    return sql`${found_(name)} AS (${found}
      SELECT * FROM bulk_found
    )`;
  }
  const identity = isShared(record, name, steps) ? rowIdentity(name) : [];
  return sql`${found_(name)} AS (
      SELECT ${joinSql([...columns, ...identity], ", ")}
      FROM ${from}
      WHERE ${joinSql([refers, ...whereOf(related), ...conditions], "\n        AND ")}
    )`;
}

/** A named statement that carries out a step on related rows. */
export function change(record: RecordDeclaration, step: Step): Sql {
  const name = nameTarget(step);
  const related = loadRelated(record, name);
  const parents = related.recursive
    ? sql`${distinctParents(record, name)} UNION ${parentKeys(related, found_(name))}`
    : distinctParents(record, name);
  const where = joinSql(
    [refersToParent(name, related), ...whereOf(related), ...excludeRecords(record, name)],
    "\n        AND ",
  );
  if ("delete" in step) {
    return sql`${changed_(name)} AS (
      DELETE FROM ${tableAs(record, name)}
      USING (${parents}) AS bulk_parent
      WHERE ${where}
      RETURNING ${keptLine(identifier(name))}
    )`;
  }
  return sql`${changed_(name)} AS (
      UPDATE ${tableAs(record, name)} SET
        ${compileSet(name, step.set)}
      FROM (${parents}) AS bulk_parent
      WHERE ${where}
      RETURNING true
    )`;
}

// A related row of several parents is found once.
/** A query of the rows that related rows refer to, as `parentKeys` has them. */
export function distinctParents(record: RecordDeclaration, name: string): Sql {
  const related = loadRelated(record, name);
  const parent = parentOf(record, name);
  const referred = Object.values(related.on);
  const isKey = parent === "record" && referred.length === 1 && referred[0] === record.key.column;
  const from = parent === "record" ? sql`applied` : found_(parent);
  return parentKeys(related, from, isKey ? sql`SELECT` : sql`SELECT DISTINCT`);
}

// A row that is itself a record of the chunk was changed already.
function excludeRecords(record: RecordDeclaration, name: string): readonly Sql[] {
  if (!isOnTable(record, name, "record")) return [];
  const key = identifier(name, record.key.column);
  return [sql`NOT EXISTS (SELECT FROM changed WHERE changed.bulk_record_id = ${key})`];
}

// Rows that two steps delete are found twice and deleted once.
function isShared(record: RecordDeclaration, name: string, steps: readonly Step[]): boolean {
  return listSharing(record, name, steps).length > 1;
}

function listSharing(record: RecordDeclaration, name: string, steps: readonly Step[]): readonly string[] {
  return steps.map(nameTarget).filter((other) => isOnTable(record, name, other));
}

/** The conditions that the steps have changed every row that was found. */
export function compareCounts(record: RecordDeclaration, steps: readonly Step[]): readonly Sql[] {
  return steps.flatMap((step) => {
    const names = listSharing(record, nameTarget(step), steps);
    if (names[0] !== nameTarget(step)) return [];
    const changed = names.map((name) => sql`(SELECT count(*) FROM ${changed_(name)})`);
    return [sql`${countFound(names)} = ${joinSql(changed, " + ")}`];
  });
}

function countFound(names: readonly string[]): Sql {
  const [name = ""] = names;
  if (names.length === 1) return sql`(SELECT count(*) FROM ${found_(name)})`;
  const rows = names.map((each) => sql`SELECT bulk_table, bulk_row FROM ${found_(each)}`);
  return sql`(SELECT count(*) FROM (${joinSql(rows, " UNION ")}) AS bulk_found)`;
}

function announce(channel: string, type: string): Sql {
  return sql`notified AS (
      SELECT count(pg_notify(${channel}, json_build_object(
        'action_type', ${type}::text,
        'bulk_action_id', (SELECT claimed.bulk_action_id FROM claimed),
        'record_id', bulk_record_id::text)::text)) AS count
      FROM applied
    )`;
}

/** The query that `find` names. */
export function found_(name: string): Sql {
  return written(`found_${name}`);
}

function changed_(name: string): Sql {
  return written(`changed_${name}`);
}

/** The table of related rows. */
export function tableIdentifier(record: RecordDeclaration, name: string): Sql {
  const { schema, table } = loadTable(record, name);
  return identifier(schema, table);
}
