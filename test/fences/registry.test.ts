import { basename } from "node:path";
import { createRegistry, registry } from "@bulk/actions/registry";
import { expect, test } from "vitest";
import { listFiles } from "../support/repository.ts";

const NOT_ACTIONS = ["action.ts", "registry.ts"];

test("every action file is in the registry, under the type its name spells", () => {
  const files = listFiles("packages/actions/src/*.ts");
  expect(compare(files, [...registry.keys()])).toEqual([]);
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
