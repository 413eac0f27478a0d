import type { Action } from "@bulk/actions/action";
import { identifier } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration, RecordsFile } from "../declaration/records-file.ts";
import { nameTarget } from "../declaration/tables.ts";
import { collectRights } from "./collect-rights.ts";
import { compileCondition, compileSkipCode } from "./compile-conditions.ts";
import { compileFollowUp } from "./compile-follow-up.ts";
import { compileSet } from "./compile-set.ts";
import { keyColumn, loadTable } from "./names.ts";

/** Compiles a declaration to actions: the pieces of the one chunk statement, and the words for them. */
export function compileRecords({ records }: RecordsFile): readonly Action[] {
  return Object.entries(records).flatMap(([recordType, record]) =>
    Object.entries(record.actions).map(([type, action]) =>
      compileAction({ recordType, record, type, action }),
    ),
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
  return {
    type,
    recordType,
    effect: action.effect,
    rights: collectRights(record, action),
    table: identifier(schema, table),
    key: { type: record.key.type, column: keyColumn(record) },
    change: compileChange(record, action),
    condition: compileCondition(record, action),
    skipCode: compileSkipCode(record, action),
    skips: compileSkips(action),
    ...(follow && { follow }),
    ...(record.account === "none" && { needsOneAccount: true }),
  };
}

function compileChange(record: RecordDeclaration, { steps }: ActionDeclaration): Action["change"] {
  const step = steps.find((candidate) => nameTarget(candidate) === "record");
  if (step === undefined)
    throw new Error("A declaration without a step on the record is refused when it is loaded.");
  return "delete" in step ? { kind: "delete" } : { kind: "update", set: compileSet(record.table, step.set) };
}

function compileSkips({ already, protections = [] }: ActionDeclaration): Action["skips"] {
  return Object.fromEntries([
    ...(already === undefined
      ? []
      : [[already.code, { message: already.message, isAlreadyDone: true }] as const]),
    ...protections.map(({ code, message }) => [code, { message }] as const),
  ]);
}
