import { registry } from "@bulk/actions/registry";
import { mergeRights, OPERATOR_RIGHTS, SERVICE_RIGHTS, type TableRights } from "@bulk/store/needed-rights";
import { expect, test } from "vitest";
import { listFiles, readText } from "../support/repository.ts";

test("the rights that are declared are those that the statements of the store take, no less and no more", () => {
  const files = listFiles("packages/store/src/*.ts", "packages/store/src/inspection/*.ts");
  const sources = files.filter((file) => !/seed-shop|\.test\.ts$/.test(file)).map(readText);
  const declared = mergeRights(SERVICE_RIGHTS, OPERATOR_RIGHTS);
  const history = { _prisma_migrations: ["SELECT"] } satisfies TableRights;
  expect(list(mergeRights(...sources.map(findRights), history))).toEqual(list(declared));
});

test("the rights of each action are those that its SQL takes", () => {
  expect(registry.size).toBeGreaterThan(1);
  for (const { rights, table, change, condition, skipCode } of registry.values()) {
    const text = [`FROM ${table.sql}`, change.sql, condition.sql, skipCode.sql].join("\n");
    expect(list(findRights(text))).toEqual(list(rights));
  }
});

test.each<[string, TableRights]>([
  ["SELECT FROM pauses JOIN accounts ON true", { pauses: ["SELECT"], accounts: ["SELECT"] }],
  ["SELECT 1 FROM throttles t WHERE true FOR UPDATE", { throttles: ["SELECT", "UPDATE"] }],
  ["DELETE FROM products USING chunk_records", { products: ["SELECT", "DELETE"] }],
  ["INSERT INTO pauses (a) VALUES (1)", { pauses: ["INSERT"] }],
  [
    "INSERT INTO pauses (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
    { pauses: ["SELECT", "INSERT", "UPDATE"] },
  ],
  ["await database.apiToken.updateMany({})", { api_tokens: ["SELECT", "UPDATE"] }],
  ["await transaction.pause.upsert({})", { pauses: ["SELECT", "INSERT", "UPDATE"] }],
])("what a statement takes is seen: %s", (text, rights) => {
  expect(list(findRights(text))).toEqual(list(rights));
});

function list(rights: TableRights): readonly string[] {
  return Object.entries(rights)
    .flatMap(([table, privileges]) => privileges.map((privilege) => `${table} ${privilege}`))
    .sort();
}

const TABLES = [...readText("prisma/schema.prisma").matchAll(/^model (\w)(\w*) [^}]*@@map\("(\w+)"\)/gm)].map(
  ([, first = "", rest = "", table = ""]) => ({ model: `${first.toLowerCase()}${rest}`, table }),
);

/** The rights that statements of one file take, in SQL or through Prisma's models. */
function findRights(text: string): TableRights {
  return mergeRights(
    ...TABLES.map(({ model, table }) => ({
      [table]: [...new Set([...findInSql(text, table), ...findInModels(text, model)])],
    })).filter((rights) => Object.values(rights).some((privileges) => privileges.length > 0)),
  );
}

function findInSql(text: string, table: string): TableRights[string] {
  const has = (pattern: string) => new RegExp(pattern.replace("TABLE", `${table}\\b`)).test(text);
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

function findInModels(text: string, model: string): TableRights[string] {
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
