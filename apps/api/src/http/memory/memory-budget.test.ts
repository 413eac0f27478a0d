import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryBudget, type MemoryClaim } from "./memory-budget.ts";

const MB = 1_000_000;

/** Nobody waits in vain for long. */
function openBudget(patienceMs = 1, mostWaiting = 100) {
  return createMemoryBudget({ bytes: 120 * MB, patienceMs, mostWaiting });
}

test("an account alone holds at most a half, and leaves room for the next one", async () => {
  const budget = openBudget();
  const own = Array.from({ length: 7 }, () => budget.open("a"));
  for (const claim of own.slice(0, 6)) await claim.raise(10 * MB);
  await expect(own[6]?.raise(10 * MB)).rejects.toMatchObject({
    kind: "limited",
    code: "account.too_much_in_flight",
    retryAfterSeconds: 2,
  });
  await budget.open("b").raise(30 * MB);
});

test("a request that finds no room waits for it, and takes it as soon as it is there", async () => {
  const budget = openBudget(60_000);
  const [first, second, third] = [budget.open("a"), budget.open("a"), budget.open("a")];
  await first.raise(30 * MB);
  await second.raise(30 * MB);
  const order: string[] = [];
  const waiting = third.raise(30 * MB).then(() => order.push("third"));
  order.push("before");
  first.lower(0);
  await waiting;
  expect(order).toEqual(["before", "third"]);
});

test("only so many of an account wait, and one whose caller has gone does not count", async () => {
  const budget = openBudget(60_000, 1);
  const holders = [budget.open("a"), budget.open("a")];
  for (const claim of holders) await claim.raise(30 * MB);
  const leaving = budget.open("a");
  const left = expect(leaving.raise(30 * MB)).rejects.toThrow();
  await expect(budget.open("a").raise(30 * MB)).rejects.toMatchObject({ kind: "limited" });
  leaving.release();
  await left;
  const next = budget.open("a").raise(30 * MB);
  holders[0]?.release();
  await next;
});

test("whom others leave no room is told that the server is busy", async () => {
  const budget = openBudget();
  for (const account of ["a", "a", "b"]) await budget.open(account).raise(30 * MB);
  await expect(budget.open("c").raise(30 * MB)).rejects.toMatchObject({
    kind: "unavailable",
    code: "service.busy",
  });
  await budget.open("c").raise(1 * MB);
});

test("a request that wants more than a quarter of all gets a quarter", async () => {
  const budget = openBudget();
  await budget.open("a").raise(1_000 * MB);
  await budget.open("a").raise(30 * MB);
  await expect(budget.open("a").raise(1 * MB)).rejects.toThrow();
});

test("whatever is held, refused, waited for and released, all of it is there again in the end", async () => {
  const step = fc.record({ account: fc.constantFrom("a", "b", "c"), at: fc.nat(5), megabytes: fc.nat(40) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const budget = openBudget(0);
      const claims = new Map<string, MemoryClaim>();
      const holding = steps.map(async ({ account, at, megabytes }) => {
        const claim = claims.get(`${account}${at}`) ?? budget.open(account);
        claims.set(`${account}${at}`, claim);
        await claim.raise(megabytes * MB).catch(() => undefined);
        if (megabytes % 3 === 0) {
          claim.release();
          claims.delete(`${account}${at}`);
        }
      });
      await Promise.all(holding);
      for (const claim of claims.values()) claim.release();
      await budget.open("d").raise(30 * MB);
      await budget.open("d").raise(30 * MB);
    }),
    { numRuns: 200 },
  );
});
