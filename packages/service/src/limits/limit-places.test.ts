import { expect, test } from "vitest";
import { limitPlaces } from "./limit-places.ts";

test("a key has so many places, and one that is given back can be taken again", () => {
  const places = limitPlaces(2);
  expect([places.enter("a"), places.enter("a"), places.enter("a")]).toEqual([true, true, false]);
  expect(places.enter("b")).toBe(true);
  places.leave("a");
  expect([places.enter("a"), places.enter("a")]).toEqual([true, false]);
});

test("a place that nobody took cannot be given back", () => {
  const places = limitPlaces(1);
  places.leave("a");
  expect([places.enter("a"), places.enter("a")]).toEqual([true, false]);
});
