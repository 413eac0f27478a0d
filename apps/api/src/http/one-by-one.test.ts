import { expect, test } from "vitest";
import { createOneByOne } from "./one-by-one.ts";

test("the work of one key waits for what came before, and that of another key does not", async () => {
  const run = createOneByOne();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const begun: string[] = [];
  const first = run("one", async () => {
    begun.push("first");
    await gate;
  });
  const second = run("one", async () => void begun.push("second"));
  await run("other", async () => void begun.push("other"));
  expect(begun).toEqual(["first", "other"]);

  open();
  await Promise.all([first, second]);
  expect(begun).toEqual(["first", "other", "second"]);
});

test("work that fails, fails for its caller only", async () => {
  const run = createOneByOne();
  const failed = run("one", () => Promise.reject(new Error("broken")));
  const next = run("one", async () => "fine");
  await expect(failed).rejects.toThrow("broken");
  expect(await next).toBe("fine");
});
