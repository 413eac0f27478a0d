import { basename } from "node:path";
import { createRegistry } from "@bulk/actions/registry";
import { explain } from "@bulk/domain/bulk-actions/outcome";
import { listSkipCodes } from "@bulk/domain/bulk-actions/record-effect";
import { expect, test } from "vitest";
import { registry } from "../support/registry.ts";
import { listFiles, readText } from "../support/repository.ts";

const NOT_ACTIONS = ["action.ts", "registry.ts"];

test("every action that is written in code is in the registry, under the type its file spells", () => {
  const files = listFiles("packages/actions/src/*.ts");
  expect(compare(files, [...createRegistry([]).keys()])).toEqual([]);
  expect(registry.size).toBeGreaterThan(0);
});

test("a file that is not registered, and a type without a file, are noticed", () => {
  const files = ["src/action.ts", "src/registry.ts", "src/delete-orders.ts", "src/delete-orders.test.ts"];
  expect(compare(files, ["delete_products"])).toEqual([
    "delete_orders is not in the registry",
    "delete_products has no file",
  ]);
});

test("a registry with two actions of one type does not start", () => {
  const [action] = registry.values();
  if (action === undefined) throw new Error("There is no action to try with.");
  expect(() => createRegistry([action, action])).toThrow(action.type);
  expect(createRegistry([action]).get(action.type)).toBe(action);
});

test.each(["deleteProducts", "delete-products", "Delete_products", "delete__products", "_delete", ""])(
  "a registry with an action of the type %j does not start",
  (type) => {
    const [action] = registry.values();
    if (action === undefined) throw new Error("There is no action to try with.");
    expect(() => createRegistry([{ ...action, type }])).toThrow("snake_case");
  },
);

test("every skip code of an action is explained, each in its own words, and is in its SQL", () => {
  // The SQL of an action that takes another back is composed from the database's catalogs.
  const composed = listFiles("packages/records/src/compile/restore/*.ts").map(readText).join("\n");
  const explained = [...registry.values()].flatMap(({ skips, skipCode, compose }) =>
    Object.keys(skips).map((code) => ({
      ...explain(code, skips),
      isInSql:
        compose === undefined
          ? skipCode.sql.includes(`'${code}'`)
          : new RegExp(`code: ["\`]${code}|'${code}'`).test(composed),
    })),
  );
  expect(explained.map(({ retriable, isInSql }) => ({ retriable, isInSql }))).toEqual(
    explained.map(() => ({ retriable: false, isInSql: true })),
  );
  expect(new Set(explained.map(({ message }) => message)).size).toBe(listSkipCodes(registry).length);
  expect(explained.length).toBeGreaterThan(1);
});

test("no code outside packages/actions spells an action type", () => {
  const files = listFiles("{apps,packages}/**/*.ts").filter((path) => !EXEMPT.test(path));
  expect(files.length).toBeGreaterThan(150);
  expect(files.filter((path) => findTypes(readText(path)).length > 0)).toEqual([]);
});

test("an action type is noticed in every kind of quotes, and not in a comment", () => {
  expect(findTypes('if (type === "delete_products") return;')).toEqual(["delete_products"]);
  expect(findTypes("sql`WHERE action_type = 'delete_customers'`")).toEqual(["delete_customers"]);
  expect(findTypes("case `archive_products`:")).toEqual(["archive_products"]);
  expect(findTypes("/** `delete_products 1f0c2a9b` */")).toEqual([]);
});

/*
 * Tests may name actions, and the generated client names tables. The demo is a client of the API: it deletes products.
 * The examples of the reference are one real bulk action, which a test acts out.
 */
const EXEMPT =
  /^packages\/actions\/|\.test\.ts$|\/generated\/|^packages\/local\/src\/(commands\/)?demo|^packages\/wire\/src\/examples\.ts$/;

function findTypes(source: string): readonly string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  return [...registry.keys()].filter((type) => new RegExp(`["'\`]${type}["'\`]`).test(code));
}

function compare(files: readonly string[], types: readonly string[]): readonly string[] {
  const expected = files
    .map((file) => basename(file))
    .filter((file) => !file.endsWith(".test.ts") && !NOT_ACTIONS.includes(file))
    .map((file) => basename(file, ".ts").replaceAll("-", "_"));
  return [
    ...expected.filter((type) => !types.includes(type)).map((type) => `${type} is not in the registry`),
    ...types.filter((type) => !expected.includes(type)).map((type) => `${type} has no file`),
  ];
}
