import { expect, test } from "vitest";
import { listFiles, readText } from "../support/repository.ts";

test("only packages/wire spells the objects of the wire", () => {
  const kinds = listKinds(listFiles("packages/wire/src/*.ts").map(readText));
  expect(kinds.size).toBeGreaterThan(6);
  const others = listFiles("{apps,packages}/**/*.ts").filter((path) => !path.startsWith("packages/wire/"));
  expect(others.length).toBeGreaterThan(200);
  expect(others.filter((path) => spellsAny(kinds, readText(path)))).toEqual([]);
});

test("an object of the wire is noticed wherever it is spelled", () => {
  const kinds = listKinds([
    'z.object({ object: z.literal("list") })',
    'return { id, object: "bulk_action" };',
  ]);
  expect([...kinds]).toEqual(["list", "bulk_action"]);
  expect(spellsAny(kinds, 'const body = { object: "list", data };')).toBe(true);
  expect(spellsAny(kinds, 'yield `{"object":"list"}`')).toBe(true);
  expect(spellsAny(kinds, 'z.object({ object: z.literal("bulk_action") })')).toBe(true);
  expect(spellsAny(kinds, 'typeof value === "object"; const other = { object: "list_item" };')).toBe(false);
});

/** The values that the key `object` has in these sources. */
function listKinds(sources: readonly string[]): ReadonlySet<string> {
  return new Set(sources.flatMap((text) => [...text.matchAll(OBJECT)].map(([, kind = ""]) => kind)));
}

function spellsAny(kinds: ReadonlySet<string>, source: string): boolean {
  return [...source.matchAll(OBJECT)].some(([, kind = ""]) => kinds.has(kind));
}

const OBJECT = /\bobject"?: ?(?:z\.literal\()?"(\w+)"/g;
