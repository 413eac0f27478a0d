import { expect, test } from "vitest";
import { listFiles } from "../support/repository.ts";

/** Most entries of one folder of the product's sources: more cannot be read at a glance. */
const MOST_ENTRIES = 13;

/** Most files directly in `src` of the two largest packages, whose folders are named after what is in them. */
const MOST_LOOSE = 8;

test("no folder of the product's sources has more than about a dozen files, unit tests aside", () => {
  const files = listFiles("{apps,packages}/*/src/**/*.{ts,js}");
  expect(files.length).toBeGreaterThan(250);
  expect(findCrowded(files, MOST_ENTRIES)).toEqual([]);
});

test.each(["apps/api/src", "packages/store/src"])("%s has at most eight files of its own", (folder) => {
  const files = listFiles(`${folder}/*.{ts,js}`);
  expect(files.length).toBeGreaterThan(0);
  expect(files.length).toBeLessThanOrEqual(MOST_LOOSE);
});

test("a crowded folder is noticed", () => {
  const files = ["a/one.ts", "a/one.test.ts", "a/two.ts", "a/b/three.ts", "a/b/four.ts", "a/b/five.ts"];
  expect(findCrowded(files, 2)).toEqual(["a/b: 3"]);
});

function findCrowded(files: readonly string[], most: number): readonly string[] {
  const sources = files.filter((file) => !file.endsWith(".test.ts"));
  const byFolder = Map.groupBy(sources, (file) => file.slice(0, file.lastIndexOf("/")));
  return [...byFolder]
    .filter(([, { length }]) => length > most)
    .map(([folder, { length }]) => `${folder}: ${length}`);
}
