import { expect, test } from "vitest";
import { createTurnPlaces } from "./turn-places.ts";

const FIRST = { lane: 1, turn: 1 };
const OTHER = { lane: 2, turn: 7 };
const NEVER_MS = 600_000;

async function silent(): Promise<void> {}
test("a first turn begins at once although every place is taken; another waits until one is free", async () => {
  const { begun, begin, end, places } = placesOf(1);
  begin("running", OTHER);
  begin("waiting", OTHER);
  begin("first", FIRST);
  await settled();
  expect(begun).toEqual(["running", "first"]);

  await end("first");
  expect(begun).toEqual(["running", "first"]);
  expect(places.isCrowded()).toBe(true);
  await end("running");
  expect(begun).toEqual(["running", "first", "waiting"]);
  expect(places.isCrowded()).toBe(false);
});

test("turns wait in order, a given place is not taken by another, and all places are free in the end", async () => {
  const { begun, begin, end } = placesOf(1);
  for (const name of ["a", "b"]) begin(name, OTHER);
  await end("a");
  begin("c", OTHER);
  await settled();
  expect(begun).toEqual(["a", "b"]);

  for (const name of ["b", "c"]) await end(name);
  begin("d", OTHER);
  await settled();
  expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("one that waits says so again and again, until it has a place", async () => {
  const places = createTurnPlaces(1, 1);
  const [running, noticed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = places.during(OTHER, () => running.promise, silent);
  let notices = 0;
  const second = places.during(
    OTHER,
    async () => notices,
    async () => {
      notices += 1;
      if (notices === 3) noticed.resolve();
    },
  );
  await noticed.promise;
  running.resolve();
  await first;
  expect(await second).toBe(notices);
});

test("a turn that throws leaves its place", async () => {
  const places = createTurnPlaces(1, NEVER_MS);
  const failed = places.during(OTHER, () => Promise.reject(new Error("away")), silent);
  const after = places.during(OTHER, async () => "ran", silent);
  expect(places.isCrowded()).toBe(true);
  await expect(failed).rejects.toThrow("away");
  expect(await after).toBe("ran");
  expect(places.isCrowded()).toBe(false);
});

/** Turns that run until they are ended by their name. */
function placesOf(count: number) {
  const places = createTurnPlaces(count, NEVER_MS);
  const begun: string[] = [];
  const endings = new Map<string, () => void>();
  const turns = new Map<string, Promise<void>>();
  function begin(name: string, turn: typeof FIRST): void {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    endings.set(name, resolve);
    const run = () => {
      begun.push(name);
      return ended;
    };
    turns.set(name, places.during(turn, run, silent));
  }
  async function end(name: string): Promise<void> {
    endings.get(name)?.();
    await turns.get(name);
    await settled();
  }
  return { places, begun, begin, end };
}

/** Whoever was given a place has begun. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
