import type { Database } from "@bulk/store/database";
import { type ChangeRule, findChangeRules } from "@bulk/store/inspection/change-rules";
import {
  findInvalidIndexes,
  findRefusingKeys,
  findUnindexedKeys,
  type InvalidIndex,
  type RefusingKey,
  type UnindexedKey,
} from "@bulk/store/inspection/foreign-keys";
import { type BloatedTable, findBloatedTables } from "@bulk/store/inspection/work-at-rest";
import { surveyActions } from "./check-rights.ts";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether deletions are fast: every foreign key to deletable records has an index, and no index is invalid. */
export async function checkIndexes(
  database: Database,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const { deletedTables } = surveyActions(configuration.registry);
  const observations = [
    ...(await findUnindexedKeys(database, deletedTables)).map(describeKey),
    ...(await findInvalidIndexes(database)).map(describeInvalid),
  ];
  if (observations.length > 0) return observations;
  const tables = deletedTables.length === 0 ? "deleted rows" : deletedTables.join(" or ");
  return [ok(`Every foreign key to ${tables} has an index, and no index is invalid.`)];
}

function describeKey({ table, columns, references, isPartitioned }: UnindexedKey): Observation {
  const concurrently = isPartitioned ? "" : "CONCURRENTLY ";
  return fault(
    `${table} (${columns.join(", ")}) references ${references} and has no index: each deletion of a record reads all ` +
      `of ${table}.`,
    `CREATE INDEX ${concurrently}ON ${table} (${columns.join(", ")});`,
  );
}

function describeInvalid({ name, table }: InvalidIndex): Observation {
  // A failed REINDEX CONCURRENTLY leaves these: https://www.postgresql.org/docs/current/sql-reindex.html
  const isLeftOver = /_cc(new|old)\d*"?$/.test(name);
  return fault(
    `The index ${name} of ${table} is invalid: its build did not finish. It slows writes and no query uses it.`,
    isLeftOver
      ? `DROP INDEX CONCURRENTLY ${name};`
      : `REINDEX INDEX CONCURRENTLY ${name};\nor, if it is not needed: DROP INDEX CONCURRENTLY ${name};`,
  );
}

/**
 * Whether triggers, rules or foreign keys of the host keep records from being changed. `checkRights` covers policies.
 */
export async function checkChangeRules(
  database: Database,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const { actions, deleting, changedTables } = surveyActions(configuration.registry);
  const rules = await findChangeRules(database, actions);
  const keys = await Promise.all(
    deleting.map(({ table, rights }) => findRefusingKeys(database, table.sql, Object.keys(rights))),
  );
  const observations = [...rules.flatMap(describeRule), ...keys.flat().map(describeRefusingKey)];
  if (observations.length > 0) return observations;
  return [ok(`No trigger, rule or foreign key of the host keeps records of ${changedTables.join(" or ")}.`)];
}

function describeRefusingKey({ table, columns, references, rule }: RefusingKey): Observation {
  const name = `${table} (${columns.join(", ")})`;
  return warning(
    `${name} references ${references} ON DELETE ${rule}, and no action reads ${table}: PostgreSQL refuses to delete a ` +
      "record that it references. The record fails as record.conflict, after its chunk was tried again in halves.",
    `If rows of ${table} are to be deleted with the record, or to lose the reference: declare the foreign key again with ` +
      "ON DELETE CASCADE or ON DELETE SET NULL, and keep its index.\n" +
      `If they are to keep the record: read ${table} in the condition of the action, which then skips the record at once ` +
      "(docs/adding-an-action.md).",
  );
}

function describeRule({ kind, table, change, name }: ChangeRule): readonly Observation[] {
  switch (kind) {
    case "policy":
      return [];
    case "trigger":
      return [
        warning(
          `The trigger ${name} runs before each ${WORDS[change].each} ${table}. Records that it keeps are skipped as record.kept.`,
          `Read its function. If it never keeps a record (always RETURN ${WORDS[change].row}), ignore this.`,
        ),
      ];
    case "rule":
      return [
        fault(
          `The rule ${name} of ${table} replaces ${WORDS[change].all}. PostgreSQL refuses it in the statements of a bulk action: ` +
            "every record fails as record.internal_error.",
          `Replace it by a trigger, then: DROP RULE ${name} ON ${table};`,
        ),
      ];
  }
}

const WORDS = {
  delete: { each: "deletion from", all: "deletions", row: "OLD" },
  update: { each: "update of", all: "updates", row: "NEW" },
  insert: { each: "row that a restore brings back to", all: "insertions", row: "NEW" },
} as const satisfies Readonly<Record<ChangeRule["change"], object>>;

/** Whether autovacuum keeps up with the deletions. */
export async function checkDeadRows(
  database: Database,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const { changedTables } = surveyActions(configuration.registry);
  const tables = [
    ...changedTables,
    "bulk.bulk_actions",
    "bulk.bulk_action_chunks",
    "bulk.webhook_deliveries",
  ];
  const bloated = await findBloatedTables(database, tables);
  return bloated.length > 0 ? bloated.map(describeBloat) : [ok("Autovacuum keeps up with the deletions.")];
}

function describeBloat({ name, deadRows, liveRows }: BloatedTable): Observation {
  return warning(
    `${name} has ${deadRows} dead rows and ${liveRows} live ones: queries read them all.`,
    `VACUUM (ANALYZE) ${name};\nIf it happens again: ALTER TABLE ${name} SET (autovacuum_vacuum_scale_factor = 0.02);`,
  );
}
