import { applying } from "@bulk/store/chunks/chunk-effect";
import {
  mergeRights,
  OPERATOR_RIGHTS,
  SERVICE_RIGHTS,
  type TableRights,
} from "@bulk/store/rights/needed-rights";
import { expect, test } from "vitest";
import { registry } from "../support/registry.ts";
import { listFiles, readText } from "../support/repository.ts";

test("the rights that are declared are those that the statements of the store take, no less and no more", () => {
  const files = listFiles("packages/store/src/**/*.ts");
  const sources = files.filter((file) => !/seed-shop|\.test\.ts$/.test(file)).map(readText);
  const declared = mergeRights(SERVICE_RIGHTS, OPERATOR_RIGHTS);
  const history = { "bulk._prisma_migrations": ["SELECT"] } satisfies TableRights;
  expect(list(mergeRights(...sources.map(findRights), history))).toEqual(list(declared));
});

test("the rights of each action are those that its SQL takes", () => {
  const actions = [...registry.values()].filter(({ compose }) => compose === undefined);
  expect(actions.length).toBeGreaterThan(1);
  for (const action of actions) {
    const { rights, table, condition, skipCode } = action;
    const follow = (action.follow?.queries ?? []).map((query) => query.sql);
    const relations = [...(action.filtering?.fields ?? [])].filter(([, { kind }]) => kind === "relation");
    const filter = Object.fromEntries(relations.map(([name]) => [name, { exists: true }]));
    const selects = action.filtering?.select(filter, "").selects.sql ?? "";
    const pieces = [`FROM ${table.sql}`, applying(action).sql, condition.sql, skipCode.sql, selects];
    const text = [...pieces, ...follow].join("\n");
    expect(list(findRights(text))).toEqual(list(rights));
  }
});

// Their SQL is composed from the database's catalogs; undo.test.ts runs it with these rights and no others.
test("the actions that take others back need the rights to insert what was deleted, and to set what was detached", () => {
  const actions = [...registry.values()].filter(({ compose }) => compose !== undefined);
  expect(Object.fromEntries(actions.map(({ type, rights }) => [type, list(rights)]))).toEqual({
    restore_customers: [
      '"public"."customers" INSERT',
      '"public"."customers" SELECT',
      '"public"."orders" SELECT',
      '"public"."orders" UPDATE',
    ],
    restore_products: ['"public"."products" INSERT', '"public"."products" SELECT'],
    unarchive_products: ['"public"."products" SELECT', '"public"."products" UPDATE'],
  });
});

test.each<[string, TableRights]>([
  [
    "SELECT FROM bulk.pauses JOIN bulk.accounts ON true",
    { "bulk.pauses": ["SELECT"], "bulk.accounts": ["SELECT"] },
  ],
  ["SELECT 1 FROM bulk.throttles t WHERE true FOR UPDATE", { "bulk.throttles": ["SELECT", "UPDATE"] }],
  ['DELETE FROM "public"."products" USING chunk_records', { '"public"."products"': ["SELECT", "DELETE"] }],
  ["DELETE FROM public.products USING chunk_records", { "public.products": ["SELECT", "DELETE"] }],
  ["INSERT INTO bulk.pauses (a) VALUES (1)", { "bulk.pauses": ["INSERT"] }],
  [
    "INSERT INTO bulk.pauses (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
    { "bulk.pauses": ["SELECT", "INSERT", "UPDATE"] },
  ],
  ["await database.apiToken.updateMany({})", { "bulk.api_tokens": ["SELECT", "UPDATE"] }],
  ["await transaction.pause.upsert({})", { "bulk.pauses": ["SELECT", "INSERT", "UPDATE"] }],
])("what a statement takes is seen: %s", (text, rights) => {
  expect(list(findRights(text))).toEqual(list(rights));
});

function list(rights: TableRights): readonly string[] {
  return Object.entries(rights)
    .flatMap(([table, privileges]) => privileges.map((privilege) => `${table} ${privilege}`))
    .sort();
}

const MODELS = [...readText("prisma/schema.prisma").matchAll(/^model (\w)(\w*) [^}]*@@map\("(\w+)"\)/gm)].map(
  ([, first = "", rest = "", table = ""]) => ({
    model: `${first.toLowerCase()}${rest}`,
    table: `bulk.${table}`,
  }),
);

const SAMPLES = [
  ...readText("packages/local/src/sample-shop/sample-shop.sql").matchAll(/^CREATE TABLE (\S+)/gm),
].flatMap(([, table = ""]) => [table, quote(table)].map((name) => ({ model: undefined, table: name })));

/** As a declaration names it: `"public"."products"`. */
function quote(table: string): string {
  return table
    .split(".")
    .map((name) => `"${name}"`)
    .join(".");
}

/** schema.prisma cannot express it. */
const KEPT_ROWS = { model: undefined, table: "bulk.kept_rows" };

const TABLES = [...MODELS, KEPT_ROWS, ...SAMPLES];

/** The rights that statements of one file take, in SQL or through Prisma's models. */
function findRights(text: string): TableRights {
  return mergeRights(
    ...TABLES.map(({ model, table }) => ({
      [table]: [...new Set([...findInSql(text, table), ...findInModels(text, model)])],
    })).filter((rights) => Object.values(rights).some((privileges) => privileges.length > 0)),
  );
}

function findInSql(text: string, table: string): TableRights[string] {
  const has = (pattern: string) => new RegExp(pattern.replace("TABLE", `${table}(?!\\w)`)).test(text);
  const isRead = has("(FROM|JOIN|USING|UPDATE) TABLE");
  const isUpserted = has("INSERT INTO TABLE[^`]*ON CONFLICT[^`]*DO UPDATE");
  // A lock says which of a query's tables it is on, or is on the one there is.
  const isLocked = has("FROM TABLE(?![^;`]*\\bFROM)[^;`)]*FOR (NO KEY UPDATE|UPDATE|SHARE|KEY SHARE)");
  return [
    ...(isRead || isUpserted ? (["SELECT"] as const) : []),
    ...(has("INSERT INTO TABLE") ? (["INSERT"] as const) : []),
    ...(has("UPDATE TABLE") || isUpserted || isLocked ? (["UPDATE"] as const) : []),
    ...(has("DELETE FROM TABLE") ? (["DELETE"] as const) : []),
  ];
}

function findInModels(text: string, model: string | undefined): TableRights[string] {
  if (model === undefined) return [];
  const calls = [...text.matchAll(new RegExp(`\\.${model}\\.(\\w+)\\(`, "g"))].map(
    ([, method = ""]) => method,
  );
  return calls.flatMap((method) => {
    if (/^(find|count)/.test(method)) return ["SELECT"] as const;
    if (/^create/.test(method)) return ["SELECT", "INSERT"] as const;
    if (/^update/.test(method)) return ["SELECT", "UPDATE"] as const;
    if (/^delete/.test(method)) return ["SELECT", "DELETE"] as const;
    return ["SELECT", "INSERT", "UPDATE"] as const;
  });
}
