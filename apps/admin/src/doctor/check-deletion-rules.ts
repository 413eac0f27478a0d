import type { Database } from "@bulk/store/database";
import { type DeletionRule, findDeletionRules } from "@bulk/store/inspection/deletion-rules";
import { fault, type Observation, ok, warning } from "./finding.ts";
import { DELETABLE_TABLES } from "./needed-rights.ts";

/** Whether triggers or rules of the database have a say when records are deleted. The check of rights has policies. */
export async function checkDeletionRules(database: Database): Promise<readonly Observation[]> {
  const rules = await findDeletionRules(database, DELETABLE_TABLES);
  const observations = rules.flatMap(describe);
  if (observations.length > 0) return observations;
  return [ok(`No trigger or rule of ${DELETABLE_TABLES.join(" or ")} can keep a record.`)];
}

function describe({ kind, table, name }: DeletionRule): readonly Observation[] {
  switch (kind) {
    case "policy":
      return [];
    case "trigger":
      return [
        warning(
          `The trigger ${name} runs before each record of ${table} is deleted. Records that it keeps are skipped as ` +
            "record.kept.",
          "Read its function. If it always lets the record go (RETURN OLD), ignore this.",
        ),
      ];
    case "rule":
      return [
        fault(
          `The rule ${name} of ${table} replaces deletions. PostgreSQL refuses that in the statements of a bulk action: ` +
            "every record fails as record.internal_error.",
          `Use a trigger in its place, then: DROP RULE ${name} ON ${table};`,
        ),
      ];
  }
}
