import type { KeyType } from "@bulk/domain/keys/key-type";
import type { RecordsFault } from "@bulk/records/declaration/describe-issues";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { nameTarget, tableOf } from "@bulk/records/declaration/tables";
import { findKeyFault } from "../guesses/guess-key.ts";
import { findForbiddenCascades, findKindFaults } from "../plan/find-refusals.ts";
import type { TableModel } from "../reading/read-table.ts";
import type { LookUp } from "./look-up.ts";

/** Finds what keeps the tables of a declaration from being served, whose names are all known. */
export async function findTableFaults(
  lookUp: LookUp,
  place: string,
  record: RecordDeclaration,
): Promise<readonly RecordsFault[]> {
  const table = await load(lookUp, record, "record");
  const kindFaults = findKindFaults(table);
  if (kindFaults.length > 0) return kindFaults.map((message) => ({ place: `${place}.table`, message }));
  return [
    ...findKeyFaults(`${place}.key`, table, record),
    ...(await findAccountFaults(lookUp, `${place}.account`, table, record)),
    ...(await findCascadeFaults(lookUp, `${place}.actions`, record)),
  ];
}

async function load(lookUp: LookUp, record: RecordDeclaration, target: string): Promise<TableModel> {
  const name = tableOf(record, target);
  const table = name && (await lookUp.find(name.schema, name.table));
  if (table === undefined) throw new Error(`The table of ${target} has not been found.`);
  return table;
}

function findKeyFaults(
  place: string,
  table: TableModel,
  { key }: RecordDeclaration,
): readonly RecordsFault[] {
  const column = table.columns.find(({ name }) => name === key.column);
  const fault = column && findKeyFault(table, column);
  if (fault !== undefined) return [{ place: `${place}.column`, message: fault }];
  return findTypeFaults(`${place}.type`, table, key);
}

function findTypeFaults(
  place: string,
  table: TableModel,
  { column, type }: { readonly column: string; readonly type: KeyType },
): readonly RecordsFault[] {
  const found = table.columns.find(({ name }) => name === column);
  if (found === undefined || found.keyType === type) return [];
  const cure =
    found.keyType === null
      ? "it must be uuid, smallint, integer, bigint, text or varchar"
      : `write "type": "${found.keyType}"`;
  return [{ place, message: `the column ${column} of ${table.quoted} is of type ${found.type}; ${cure}` }];
}

async function findAccountFaults(
  lookUp: LookUp,
  place: string,
  table: TableModel,
  { account, schema = "public" }: RecordDeclaration,
): Promise<readonly RecordsFault[]> {
  if (account === "none") return [];
  if ("column" in account) return findTypeFaults(`${place}.type`, table, account);
  const { join } = account;
  const joined = await lookUp.find(join.schema ?? schema, join.table);
  if (joined === undefined) return [];
  return findTypeFaults(`${place}.join.type`, joined, { column: join.account, type: join.type });
}

async function findCascadeFaults(
  lookUp: LookUp,
  place: string,
  record: RecordDeclaration,
): Promise<readonly RecordsFault[]> {
  const faults: RecordsFault[] = [];
  for (const [type, { steps, may_cascade_to: allowed = [] }] of Object.entries(record.actions)) {
    for (const [index, step] of steps.entries()) {
      if (!("delete" in step)) continue;
      const table = await load(lookUp, record, nameTarget(step));
      for (const { found, name } of findForbiddenCascades(table, allowed)) {
        const cure = `make the foreign key ON DELETE RESTRICT, or add ${JSON.stringify(name)} to "may_cascade_to"`;
        faults.push({ place: `${place}.${type}.steps.${index}`, message: `${found}; ${cure}` });
      }
    }
  }
  return faults;
}
