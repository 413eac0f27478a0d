import { createRandom, type Random } from "../../chaos/random.ts";
import type { DeclaredRecord, KeyType } from "../declaration.ts";
import type { Draft, RecordDraft, TableDraft } from "./draft.ts";
import { drawDeclaredRecord } from "./draw-actions.ts";
import { drawExpectations } from "./draw-expectations.ts";
import { drawHostility } from "./draw-hostility.ts";
import { drawRecord } from "./draw-record.ts";
import { drawRelated } from "./draw-related.ts";
import { drawRules, EVENTS } from "./draw-rules.ts";
import type { HostAccount, HostSubmission, HostTable, Shop } from "./host.ts";
import { createNames } from "./names.ts";
import { createValues } from "./values.ts";

const KEY_TYPES: readonly KeyType[] = ["uuid", "smallint", "integer", "bigint", "text"];

/** Draws a shop: the same one for the same seed. */
export function drawShop(seed: number): Shop {
  const random = createRandom(seed);
  const oddness = random.pick([0, 0, 0.3, 0.8]);
  const draft: Draft = {
    ...{ random, oddness, tableNames: createNames(random, oddness) },
    accounts: drawAccounts(random),
  };
  const keyType = random.pick(KEY_TYPES);
  const record = drawRecord(draft, keyType);
  const related = drawRelated(draft, record);
  const declared = drawDeclaredRecord(draft, record, related);
  const rules = drawRules(draft, record, related);
  const own = related.filter(({ isSelf }) => !isSelf).map(({ table }) => table);
  const drafts = [record.table, ...(record.join ? [record.join] : []), ...own];
  return {
    seed,
    tables: [...drafts.map((table) => finish(random, table)), EVENT_TABLE],
    rules,
    hostility: drawHostility(random, record),
    accounts: draft.accounts,
    mark: typeof record.deleted?.set === "object" ? record.deleted.column : undefined,
    declaration: { records: { product: declared } },
    submissions: drawSubmissions(draft, record, declared),
    expectations: drawExpectations(seed, declared),
  };
}

function drawAccounts(random: Random): readonly HostAccount[] {
  const count = random.next() < 0.15 ? 1 : 2;
  const kind = random.pick(["id", "uuid", "integer", "text"] as const);
  return Array.from({ length: count }, (_, index) => {
    const keys = {
      id: null,
      uuid: random.uuid(),
      integer: String(7 + 35 * index),
      text: `store's "${index}", \\`,
    };
    return { id: random.uuid(), name: `account ${index}`, key: keys[kind] };
  });
}

function finish(random: Random, { columns, rows, ...table }: TableDraft): HostTable {
  const { names: _, ...rest } = table;
  return { ...rest, columns: random.next() < 0.3 ? random.shuffle(columns) : columns, rows };
}

const EVENT_TABLE: HostTable = {
  ...EVENTS,
  columns: [
    { name: "id", type: "bigserial" },
    { name: "seen", type: "text NOT NULL" },
  ],
  ...{ primaryKey: ["id"], references: [], indexes: [], rows: [], volatile: ["id"] },
};

// Ids of both accounts, of nobody, and some twice. The second of the submissions finds what the first has left.
function drawSubmissions(
  { random, accounts }: Draft,
  { table, key, owners }: RecordDraft,
  { actions }: DeclaredRecord,
): readonly HostSubmission[] {
  const [account, other] = accounts;
  if (account === undefined) throw new Error("The shop has no account.");
  const ids = table.rows.map((row) => row[key.column] ?? "");
  const ofAccount = (owner: number) => ids.filter((_, index) => owners[index]?.includes(owner));
  const unknown = createValues(random, key.type);
  function some(owner: number): readonly string[] {
    const own = random.shuffle(ofAccount(owner));
    const foreign = random.shuffle(ofAccount(1 - owner)).slice(0, random.integer(0, 3));
    const known = [...own.slice(0, random.integer(1, own.length)), ...foreign];
    const strange = Array.from({ length: random.integer(0, 3) }, () => unknown.draw());
    const drawn = random.shuffle([...known, ...strange.filter((id) => !ids.includes(id))]);
    return [...drawn, ...drawn.slice(0, random.integer(0, 2))];
  }
  const types = random.shuffle(Object.keys(actions));
  const submissions = types.map((actionType) => ({
    accountId: account.id,
    actionType,
    keyType: key.type,
    ids: some(0),
  }));
  if (other === undefined || random.next() < 0.5) return submissions;
  const [actionType = "delete_products"] = types;
  return [...submissions, { accountId: other.id, actionType, keyType: key.type, ids: some(1) }];
}
