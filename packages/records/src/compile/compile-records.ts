import type { Action } from "@bulk/actions/action";
import { type KeptPart, keptLine } from "@bulk/store/chunks/chunk-effect";
import { identifier, sql } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration, RecordsFile } from "../declaration/records-file.ts";
import { isRestorable } from "../declaration/restorable.ts";
import { nameTarget } from "../declaration/tables.ts";
import { collectRights } from "./collect-rights.ts";
import { compileCondition, compileSkipCode } from "./compile-conditions.ts";
import { compileFiltering } from "./compile-filter.ts";
import { compileFollowUp, compileKeptParts } from "./compile-follow-up.ts";
import { compileSet } from "./compile-set.ts";
import { keyColumn, loadTable } from "./names.ts";
import { compileRestoration } from "./restore/compile-restoration.ts";

/**
 * Compiles a declaration to actions: the pieces of the one chunk statement, and the words for them. For each action that can
 * be taken back, one that does so.
 */
export function compileRecords({ records }: RecordsFile): readonly Action[] {
  return Object.entries(records).flatMap(([recordType, record]) =>
    Object.entries(record.actions).flatMap(([type, action]) => {
      const declared = { recordType, record, type, action };
      return isRestorable(action)
        ? [compileAction(declared), compileRestoration(declared)]
        : [compileAction(declared)];
    }),
  );
}

type Declared = {
  readonly recordType: string;
  readonly record: RecordDeclaration;
  readonly type: string;
  readonly action: ActionDeclaration;
};

function compileAction({ recordType, record, type, action }: Declared): Action {
  const { schema, table } = loadTable(record);
  const follow = compileFollowUp(record, action, type);
  const keeps = compileKeeps(record, action);
  const filtering = compileFiltering(record, action);
  return {
    type,
    recordType,
    effect: action.effect,
    rights: collectRights(record, action),
    table: identifier(schema, table),
    key: { type: record.key.type, column: keyColumn(record), name: record.key.column },
    change: compileChange(record, action),
    condition: compileCondition(record, action),
    skipCode: compileSkipCode(record, action),
    skips: compileSkips(action),
    ...(follow && { follow }),
    ...(filtering && { filtering }),
    ...(keeps.length > 0 && { keeps }),
    ...(record.account === "none" && { needsOneAccount: true }),
  };
}

function compileChange(record: RecordDeclaration, { steps }: ActionDeclaration): Action["change"] {
  const step = steps.find((candidate) => nameTarget(candidate) === "record");
  if (step === undefined)
    throw new Error("A declaration without a step on the record is refused when it is loaded.");
  return "delete" in step
    ? { kind: "delete", keptLine: keptLine(identifier(record.table)) }
    : { kind: "update", set: compileSet(record.table, step.set) };
}

/** What an action that can be taken back keeps for that. */
function compileKeeps(record: RecordDeclaration, action: ActionDeclaration): readonly KeptPart[] {
  if (!isRestorable(action)) return [];
  const { schema, table } = loadTable(record);
  const isDeleted = action.steps.some((step) => "delete" in step && step.delete === "record");
  const own = { part: "record", table: identifier(schema, table), from: sql`applied` };
  return [...(isDeleted ? [own] : []), ...compileKeptParts(record, action)];
}

function compileSkips({ already, protections = [] }: ActionDeclaration): Action["skips"] {
  return Object.fromEntries([
    ...(already === undefined
      ? []
      : [[already.code, { message: already.message, isAlreadyDone: true }] as const]),
    ...protections.map(({ code, message }) => [code, { message }] as const),
  ]);
}
