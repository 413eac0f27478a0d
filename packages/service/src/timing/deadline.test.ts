import { expect, test } from "vitest";
import { within, withinOr } from "./deadline.ts";

const never = new Promise<never>(() => undefined);

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

function fail(): Promise<never> {
  return Promise.reject(new Error("refused"));
}

test("work in time returns its result and leaves no timer behind", async () => {
  const before = countTimers();
  const result = within(60_000, Promise.resolve(1));
  expect(countTimers()).toBe(before + 1);
  expect(await result).toBe(1);
  expect(countTimers()).toBe(before);
});

test("work that fails in time throws its own error", async () => {
  await expect(within(60_000, fail())).rejects.toThrow("refused");
});

test("work that takes longer throws, and its own later failure ends no process", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  await expect(within(1, promise)).rejects.toThrow("no response within 1 ms");
  reject(new Error("too late"));
});

test("late or failed work is replaced by the other value", async () => {
  await expect(withinOr(1, never, "other")).resolves.toBe("other");
  await expect(withinOr(60_000, fail(), "other")).resolves.toBe("other");
  await expect(withinOr(60_000, Promise.resolve("own"), "other")).resolves.toBe("own");
});
