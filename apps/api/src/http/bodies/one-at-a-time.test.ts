import { expect, test } from "vitest";
import { createOneAtATime, runFor } from "./one-at-a-time.ts";

test("a piece of work begins when the one before has ended and the event loop has had as long for others", async () => {
  let time = 0;
  const rests: { readonly ms: number; readonly end: () => void }[] = [];
  const { promise: isResting, resolve: restBegins } = Promise.withResolvers<void>();
  const run = createOneAtATime({
    now: () => time,
    rest(ms) {
      const { promise, resolve } = Promise.withResolvers<void>();
      rests.push({ ms, end: resolve });
      restBegins();
      return promise;
    },
  });
  const done: string[] = [];
  const first = run(() => {
    time += 50;
    done.push("first");
  });
  const second = run(() => done.push("second"));
  await first;
  await isResting;
  expect(done).toEqual(["first"]);
  expect(rests.map(({ ms }) => ms)).toEqual([50]);

  rests[0]?.end();
  await second;
  expect(done).toEqual(["first", "second"]);
});

test("what fails fails for its caller only", async () => {
  const run = createOneAtATime();
  const failed = run(() => JSON.parse("{"));
  const next = run(() => "fine");
  await expect(failed).rejects.toThrow(SyntaxError);
  expect(await next).toBe("fine");
});

test("small work does not wait for large work, and large work does", async () => {
  const oneAtATime = createOneAtATime();
  const held = Promise.withResolvers<void>();
  const done: string[] = [];
  const first = oneAtATime(() => held.promise);
  const large = runFor(64 * 1024 + 1, oneAtATime)(() => done.push("large"));
  await runFor(64 * 1024, oneAtATime)(() => done.push("small"));
  expect(done).toEqual(["small"]);
  held.resolve();
  await Promise.all([first, large]);
  expect(done).toEqual(["small", "large"]);
});
