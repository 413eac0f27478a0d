import { expect, test } from "vitest";
import { keepFresh } from "./keep-fresh.ts";

/** Reads that end when the test says so, with the number of the read. */
function openReads() {
  const begun: { readonly before: number | undefined; end(): void; fail(): void }[] = [];
  const read = (before: number | undefined) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    begun.push({ before, end: () => resolve(begun.length), fail: () => reject(new Error("away")) });
    return promise;
  };
  return { begun, read };
}

test("callers share a read, and its age counts from its begin", async () => {
  let time = 0;
  const { begun, read } = openReads();
  const fresh = keepFresh(1_000, read, () => time);
  expect(fresh.latest()).toBeUndefined();
  const early = [fresh.value(), fresh.value()];
  time = 600;
  begun[0]?.end();
  expect(await Promise.all(early)).toEqual([1, 1]);

  time = 999;
  expect(await fresh.value()).toBe(1);
  time = 1_000;
  const late = fresh.value();
  expect(fresh.latest()).toBe(1);
  begun[1]?.end();
  expect(await late).toBe(2);
  expect(begun.map(({ before }) => before)).toEqual([undefined, 1]);
});

test("an error is shared as well, is not kept, and leaves what was read before", async () => {
  let time = 0;
  const { begun, read } = openReads();
  const fresh = keepFresh(1_000, read, () => time);
  const first = fresh.value();
  begun[0]?.end();
  await first;

  time = 1_000;
  const failing = Promise.allSettled([fresh.value(), fresh.value()]);
  begun[1]?.fail();
  expect((await failing).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(fresh.latest()).toBe(1);
  const again = fresh.value();
  begun[2]?.end();
  expect(await again).toBe(3);
});
