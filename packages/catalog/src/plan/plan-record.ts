import { parseRecords, RecordsError } from "@bulk/records/declaration/load-records";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import type { Queryable } from "@bulk/store/database";
import { chooseMark, type MarkChoice } from "../guesses/choose-mark.ts";
import { findProtecting } from "../guesses/find-protecting.ts";
import { type AccountGuess, guessAccount } from "../guesses/guess-account.ts";
import { guessKey, isUnique, type KeyGuess } from "../guesses/guess-key.ts";
import { toPlural, toSingular, toSnakeCase } from "../guesses/words.ts";
import { proposeRecord } from "../proposal/propose-record.ts";
import { type Lookalike, readLookalikes } from "../reading/read-lookalikes.ts";
import type { TableModel } from "../reading/read-table.ts";
import { findRefusals } from "./find-refusals.ts";

/** What the operator decides; everything else is guessed. */
export type PlanWishes = {
  readonly record?: string | undefined;
  readonly actionType?: string | undefined;
  readonly key?: string | undefined;
  /** A column, `table.column` of a join table, or `none`. */
  readonly account?: string | undefined;
  /** The column of the mark; `none`: delete, although there is such a column. */
  readonly mark?: string | undefined;
  /** Columns without a foreign key that protect a record: `table.column`, or `schema.table.column`. */
  readonly protect: readonly string[];
  /** Tables of orders or money that a cascade may reach: `schema.table`. */
  readonly mayCascadeTo: readonly string[];
};

/** What a deletion does, and how it would be declared. */
export type Plan = {
  readonly table: TableModel;
  /** Columns that look like references without a foreign key. */
  readonly lookalikes: readonly Lookalike[];
  /** Why the table cannot be served; empty if it can. */
  readonly refusals: readonly string[];
  /** What was guessed, a sentence each. */
  readonly guesses: readonly string[];
  /** The name of the record. */
  readonly record: string;
  /** `undefined` if the table cannot be served. */
  readonly declaration: RecordDeclaration | undefined;
};

/** Plans bulk deletions of the rows of a table. Reads the catalogs only. */
export async function planRecord(database: Queryable, table: TableModel, wishes: PlanWishes): Promise<Plan> {
  const record = wishes.record ?? toSingular(toSnakeCase(table.name).replace(/_?\d+/g, ""));
  const actionType = wishes.actionType ?? `delete_${toPlural(record)}`;
  const { mayCascadeTo } = wishes;
  const key = guessKey(table, wishes.key);
  const account = await guessAccount(database, table, wishes.account);
  const mark = chooseMark(table, wishes.mark);
  const protecting = await Promise.all(
    wishes.protect.map((wish) =>
      findProtecting(
        database,
        wish,
        table.columns.filter(({ name }) => isUnique(table, name)),
      ),
    ),
  );
  const isMarked = mark.kind === "column";
  const refusals = [
    ...(key.kind === "none" ? key.reasons : []),
    ...(account.kind === "none" ? account.reasons : []),
    ...(mark.kind === "refused" ? [mark.reason] : []),
    ...protecting.flatMap((found) => (found.kind === "none" ? [found.reason] : [])),
    ...findRefusals(table, { record, actionType, isMarked, mayCascadeTo }),
  ];
  const lookalikes = await listLookalikes(database, table, record);
  const plan = {
    table,
    lookalikes,
    refusals,
    record,
    guesses: listGuesses(record, actionType, { key, account, mark }),
  };
  if (refusals.length > 0 || key.kind === "none" || account.kind === "none" || mark.kind === "refused") {
    return { ...plan, declaration: undefined };
  }
  const columns = protecting.flatMap((found) => (found.kind === "found" ? [found.column] : []));
  const chosen = {
    record,
    actionType,
    key,
    account: account.account,
    mark,
    protecting: columns,
    mayCascadeTo,
  };
  return judge(plan, await proposeRecord(database, table, chosen));
}

// What the format itself refuses, such as a table whose name stands for something else in statements.
function judge(plan: Omit<Plan, "declaration">, declaration: RecordDeclaration): Plan {
  try {
    parseRecords("the proposal", JSON.stringify({ records: { [plan.record]: declaration } }));
    return { ...plan, declaration };
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error;
    const refusals = error.faults.map(({ place, message }) => `${place}: ${message}`);
    return { ...plan, refusals, declaration: undefined };
  }
}

// A column `product_id`, `productId` or `linked_product_id` for each key of `product`.
async function listLookalikes(
  database: Queryable,
  table: TableModel,
  record: string,
): Promise<readonly Lookalike[]> {
  const found = new Map<string, Lookalike>();
  for (const { name } of table.columns.filter((column) => isUnique(table, column.name))) {
    const key = toSnakeCase(name);
    const prefixes = [record, toSnakeCase(table.name)].filter((prefix) => prefix !== "");
    const endings = prefixes.map((prefix) => (key.startsWith(`${prefix}_`) ? key : `${prefix}_${key}`));
    const folded = [...new Set(endings.map((ending) => ending.replaceAll("_", "")))];
    for (const column of await readLookalikes(database, table.id, { column: name, endings: folded })) {
      found.set(`${column.tableId} ${column.column}`, column);
    }
  }
  return [...found.values()];
}

type Guesses = { readonly key: KeyGuess; readonly account: AccountGuess; readonly mark: MarkChoice };

function listGuesses(record: string, actionType: string, { key, account, mark }: Guesses): readonly string[] {
  return [
    `record: ${record}, action type: ${actionType} (--record, --action-type)`,
    ...(key.kind === "found" ? [`key: ${key.column}, ${key.type}: ${key.why} (--key)`] : []),
    ...(account.kind === "found" ? [`account: ${describeAccount(account)}: ${account.why} (--account)`] : []),
    ...(mark.kind === "column" ? [`removing means: marking ${mark.column.name}: ${mark.why} (--mark)`] : []),
    ...(mark.kind === "delete" ? [`removing means: deleting the row: ${mark.why} (--mark)`] : []),
  ];
}

function describeAccount({ account }: Extract<AccountGuess, { readonly kind: "found" }>): string {
  if (account === "none") return "none, exactly one account may exist";
  return "column" in account ? account.column : `${account.join.table}.${account.join.account}`;
}
