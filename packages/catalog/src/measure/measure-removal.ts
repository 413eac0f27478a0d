import { compileSet } from "@bulk/records/compile/compile-set";
import { loadTable } from "@bulk/records/compile/names";
import type { RecordDeclaration, Step } from "@bulk/records/declaration/records-file";
import { nameTarget } from "@bulk/records/declaration/tables";
import type { Database, Queryable } from "@bulk/store/database";
import { type Sql, sql } from "@bulk/store/sql";
import { choosing, isOfChosen, rowsOf } from "./chosen-records.ts";

/** What removing some records costs. */
export type Measurement = {
  readonly recordCount: number;
  readonly steps: readonly StepCost[];
  /** The checks and triggers that run at COMMIT, together. */
  readonly atCommitMs: number;
};

type StepCost = {
  /** `DELETE shop.product` */
  readonly name: string;
  readonly rowCount: number;
  readonly ms: number;
  /** Foreign keys and triggers, the slowest first. */
  readonly triggers: readonly TriggerCost[];
};

type TriggerCost = { readonly name: string; readonly calls: number; readonly ms: number };

/** As many as a chunk has. */
const MOST_RECORDS = 1_000;

/** It must not hold up the shop. */
const LOCK_TIMEOUT = "2s";

/** Longer than a chunk may take. */
const TRANSACTION_MS = 120_000;

/**
 * Carries the steps of an action out for up to 1,000 records that nothing protects, in a transaction that is rolled back,
 * and returns what PostgreSQL says of the time. Rows are locked meanwhile, and triggers run.
 */
export async function measureRemoval(
  database: Database,
  record: RecordDeclaration,
  actionType: string,
): Promise<Measurement> {
  const action = record.actions[actionType];
  if (action === undefined) throw new Error(`There is no action ${actionType}.`);
  let measurement: Measurement | undefined;
  const work = database.$transaction(
    async (transaction) => {
      await transaction.$executeRaw(sql([`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`]));
      const rows = await transaction.$queryRaw<{ key: string }[]>(choosing(record, action, MOST_RECORDS));
      const keys = rows.map(({ key }) => key);
      const steps: StepCost[] = [];
      for (const step of action.steps) steps.push(await measureStep(transaction, record, step, keys));
      measurement = { recordCount: keys.length, steps, atCommitMs: await measureCommit(transaction) };
      throw new RollBack();
    },
    { timeout: TRANSACTION_MS, maxWait: 5_000 },
  );
  await work.catch((error: unknown) => {
    if (!(error instanceof RollBack)) throw error;
  });
  if (measurement === undefined) throw new Error("Nothing was measured.");
  return measurement;
}

class RollBack extends Error {
  override readonly name = "RollBack";
}

async function measureStep(
  transaction: Queryable,
  record: RecordDeclaration,
  step: Step,
  keys: readonly string[],
): Promise<StepCost> {
  const target = nameTarget(step);
  const { schema, table } = loadTable(record, target);
  const isChosen = isOfChosen(record, target, keys);
  const explained = await transaction.$queryRaw<Explained[]>(
    sql`EXPLAIN (ANALYZE, FORMAT JSON) ${changing(record, step)} WHERE ${isChosen}`,
  );
  const [plan] = explained[0]?.["QUERY PLAN"] ?? [];
  return {
    name: `${"delete" in step ? "DELETE" : "UPDATE"} ${schema}.${table}`,
    rowCount: plan?.Plan.Plans?.find(isSourceOfRows)?.["Actual Rows"] ?? 0,
    ms: plan?.["Execution Time"] ?? 0,
    triggers: (plan?.Triggers ?? []).map(toCost).sort((one, other) => other.ms - one.ms),
  };
}

function changing(record: RecordDeclaration, step: Step): Sql {
  const rows = rowsOf(record, nameTarget(step));
  if ("delete" in step) return sql`DELETE FROM ${rows}`;
  const alias = step.update === "record" ? record.table : step.update;
  return sql`
    WITH claimed AS (SELECT now() AS bulk_moment, '00000000-0000-0000-0000-000000000000'::uuid AS bulk_action_id)
    UPDATE ${rows} SET ${compileSet(alias, step.set)}`;
}

/** The part of EXPLAIN's JSON that is read. */
type Explained = {
  readonly "QUERY PLAN": readonly {
    readonly Plan: { readonly Plans?: readonly ExplainedPlan[] };
    readonly "Execution Time": number;
    readonly Triggers?: readonly ExplainedTrigger[];
  }[];
};

type ExplainedPlan = { readonly "Parent Relationship": string; readonly "Actual Rows": number };

// Others compute values, once.
function isSourceOfRows({ "Parent Relationship": relationship }: ExplainedPlan): boolean {
  return relationship === "Outer";
}

type ExplainedTrigger = {
  readonly "Trigger Name"?: string;
  readonly "Constraint Name"?: string;
  readonly Relation: string;
  readonly Time: number;
  readonly Calls: number;
};

function toCost(trigger: ExplainedTrigger): TriggerCost {
  const constraint = trigger["Constraint Name"];
  const name = constraint === undefined ? `trigger ${trigger["Trigger Name"]}` : `foreign key ${constraint}`;
  return { name: `${name} on ${trigger.Relation}`, calls: trigger.Calls, ms: trigger.Time };
}

async function measureCommit(transaction: Queryable): Promise<number> {
  const startedAt = performance.now();
  await transaction.$executeRaw`SET CONSTRAINTS ALL IMMEDIATE`;
  return performance.now() - startedAt;
}
