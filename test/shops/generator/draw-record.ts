import { RESERVED_NAMES } from "@bulk/records/declaration/reserved-names";
import type { Random } from "../../chaos/random.ts";
import type { DeclaredAccount, KeyType } from "../declaration.ts";
import type { Draft, RecordDraft, TableDraft, Target } from "./draft.ts";
import { KEY_CONSTRAINT } from "./draw-hostility.ts";
import { drawMark } from "./draw-mark.ts";
import { createNames, quote } from "./names.ts";
import { createValues } from "./values.ts";

const SQL_TYPES: Readonly<Record<KeyType, readonly string[]>> = {
  uuid: ["uuid"],
  smallint: ["smallint"],
  integer: ["integer"],
  bigint: ["bigint"],
  text: ["text", "varchar(255)", "varchar", 'text COLLATE "C"'],
};

/** Draws the table whose rows are the records, with its rows. */
export function drawRecord(draft: Draft, keyType: KeyType): RecordDraft {
  const { random } = draft;
  const names = createNames(random, draft.oddness);
  const key = { column: names.draw("id"), type: keyType };
  const inner = random.next() < 0.4 ? drawInner(draft, names.draw("product_id")) : undefined;
  const primary = inner?.name ?? key.column;
  const isPartitioned = inner === undefined && random.next() < 0.08;
  const keySqlType = random.pick(SQL_TYPES[keyType]);
  const table: TableDraft = {
    ...{
      schema: random.pick(["public", "public", "shop", "Odd Schema"]),
      name: draft.tableNames.draw("product", [...RESERVED_NAMES]),
    },
    ...{ names, primaryKey: [primary], references: [], indexes: [], rows: [] },
    columns: [
      ...(inner ? [{ name: inner.name, type: `${inner.type} NOT NULL` }] : []),
      {
        name: key.column,
        type: `${keySqlType} NOT NULL${inner ? ` CONSTRAINT ${KEY_CONSTRAINT} UNIQUE` : ""}`,
      },
    ],
    ...(inner === undefined && { primaryKeyName: KEY_CONSTRAINT }),
    partitionBy: isPartitioned ? quote(key.column) : undefined,
  };
  const note = names.draw("note");
  table.columns.push({ name: note, type: "text NULL" });
  const deleted = random.next() < 0.55 ? drawMark(random, table, "deleted_at") : undefined;
  const archived = random.next() < 0.4 ? drawMark(random, table, "archived_at") : undefined;
  const deletedBy = random.next() < 0.3 ? names.draw("deleted_by") : undefined;
  if (deletedBy !== undefined) {
    table.columns.push({ name: deletedBy, type: `${random.pick(["uuid", "text", "varchar(36)"])} NULL` });
  }
  const reserved = random.next() < 0.3 ? names.draw("reserved_quantity") : undefined;
  if (reserved !== undefined) table.columns.push({ name: reserved, type: "integer NULL" });
  const target: Target = {
    columns: [inner ?? { name: key.column, type: keySqlType }],
  };
  const { account, join, accountColumn } = drawAccount(draft, table, target);
  const owners = fillRecord(draft, { table, key, inner, note, deleted, archived, reserved, accountColumn });
  if (join !== undefined) fillJoin(draft, { table, join, owners, primary });
  return { table, key, target, account, deleted, archived, deletedBy, reserved, note, owners, join };
}

function drawInner({ random }: Draft, name: string) {
  return { name, type: random.pick(["integer", "bigint", "uuid", "text"] as const) };
}

/** The type of the accounts' keys, which the accounts were drawn with. */
function accountType({ accounts }: Draft): KeyType {
  const [account] = accounts;
  if (account?.key === null || account === undefined) return "uuid";
  if (account.key.includes("-") && account.key.length === 36) return "uuid";
  return /^\d+$/.test(account.key) ? "integer" : "text";
}

function drawAccount(
  draft: Draft,
  table: TableDraft,
  target: Target,
): { account: DeclaredAccount; join: TableDraft | undefined; accountColumn: string | undefined } {
  const { random, accounts } = draft;
  if (accounts.length === 1) return { account: "none", join: undefined, accountColumn: undefined };
  const type = accountType(draft);
  const declared = type === "integer" ? random.pick(["smallint", "integer", "bigint"] as const) : type;
  const sqlType = random.pick(SQL_TYPES[declared]);
  if (random.next() < 0.7) {
    const column = table.names.draw("store_id");
    table.columns.push({ name: column, type: `${sqlType} NOT NULL` });
    return { account: { column, type: declared }, join: undefined, accountColumn: column };
  }
  const names = createNames(random, draft.oddness);
  const [to] = target.columns;
  if (to === undefined) throw new Error("The record has no target.");
  const [recordColumn, accountColumn] = [names.draw("product_id"), names.draw("store_id")];
  const join: TableDraft = {
    ...{ schema: table.schema, name: draft.tableNames.draw("product_stores"), names, indexes: [], rows: [] },
    primaryKey: [recordColumn, accountColumn],
    columns: [
      { name: recordColumn, type: `${to.type} NOT NULL` },
      { name: accountColumn, type: `${sqlType} NOT NULL` },
    ],
    references:
      random.next() < 0.8
        ? [
            {
              columns: [recordColumn],
              to: { schema: table.schema, name: table.name, columns: [to.name] },
              rule: "CASCADE",
              deferrable: "",
            },
          ]
        : [],
  };
  const declaredJoin = {
    ...(table.schema !== "public" && { schema: join.schema }),
    ...{ table: join.name, record: { [recordColumn]: to.name }, account: accountColumn, type: declared },
  };
  return { account: { join: declaredJoin }, join, accountColumn: undefined };
}

type Filling = Pick<RecordDraft, "table" | "key" | "note" | "deleted" | "archived" | "reserved"> & {
  readonly inner: { readonly name: string; readonly type: KeyType } | undefined;
  readonly accountColumn: string | undefined;
};

function fillRecord(
  { random, accounts }: Draft,
  { table, key, inner, note, deleted, archived, reserved, accountColumn }: Filling,
): readonly (readonly number[])[] {
  const keys = createValues(random, key.type);
  const inners = inner && createValues(random, inner.type);
  const owners: number[][] = [];
  const count = random.integer(12, 26);
  for (let number = 0; number < count; number++) {
    const owner = accounts.length === 1 || random.next() < 0.85 ? 0 : 1;
    owners.push([owner]);
    const isMarked = random.next() < 0.08;
    const isArchived = random.next() < 0.15;
    table.rows.push({
      [key.column]: keys.draw(),
      ...(inner && { [inner.name]: inners?.draw() ?? null }),
      [note]: `record ${number}`,
      ...(deleted && { [deleted.column]: isMarked ? deleted.marked : deleted.unmarked }),
      ...(archived && { [archived.column]: isArchived ? archived.marked : archived.unmarked }),
      ...(reserved !== undefined && { [reserved]: drawReserved(random) }),
      ...(accountColumn !== undefined && { [accountColumn]: accountKey(accounts, owner) }),
    });
  }
  return owners;
}

// A condition over a column that is NULL is neither true nor false.
function drawReserved(random: Random): string | null {
  const chance = random.next();
  if (chance < 0.15) return "3";
  return chance < 0.3 ? null : "0";
}

function accountKey(accounts: Draft["accounts"], index: number): string {
  const account = accounts[index];
  if (account === undefined) throw new Error("There is no such account.");
  return account.key ?? account.id;
}

// Some records are in both accounts, and some in none.
function fillJoin(
  { random, accounts }: Draft,
  {
    table,
    join,
    owners,
    primary,
  }: {
    readonly table: TableDraft;
    readonly join: TableDraft;
    readonly owners: readonly (readonly number[])[];
    readonly primary: string;
  },
): void {
  const [recordColumn = "", accountColumn = ""] = join.primaryKey;
  table.rows.forEach((row, index) => {
    const chance = random.next();
    const shared = chance < 0.1 ? [0, 1] : (owners[index] ?? []);
    for (const owner of chance > 0.95 ? [] : shared) {
      join.rows.push({ [recordColumn]: row[primary] ?? null, [accountColumn]: accountKey(accounts, owner) });
    }
  });
}
