import { expect, test } from "vitest";
import { createTurnstile } from "./turnstile.ts";

const NEVER = new AbortController().signal;

test("one is through, one waits, others are sent away; who leaves lets the next one through", async () => {
  const turnstile = createTurnstile();
  expect(await turnstile.enter(false, NEVER)).toBe(true);
  expect(turnstile.waiting()).toBe("none");
  const second = turnstile.enter(false, NEVER);
  expect(turnstile.waiting()).toBe("some");
  expect(await turnstile.enter(false, NEVER)).toBe(false);
  turnstile.leave();
  expect(await second).toBe(true);
  turnstile.leave();
  expect(await turnstile.enter(false, NEVER)).toBe(true);
});

test("turns that open a bulk action all wait, and go before the one that came first", async () => {
  const turnstile = createTurnstile();
  await turnstile.enter(false, NEVER);
  const order: string[] = [];
  const all = [
    turnstile.enter(false, NEVER).then(() => order.push("other")),
    turnstile.enter(true, NEVER).then(() => order.push("first opening")),
    turnstile.enter(true, NEVER).then(() => order.push("second opening")),
  ];
  expect(turnstile.waiting()).toBe("opening");
  for (const _ of all) {
    turnstile.leave();
    // Until whoever was let through has gone on.
    await new Promise(setImmediate);
  }
  await Promise.all(all);
  expect(order).toEqual(["first opening", "second opening", "other"]);
});

test("who gives up is not let through, and leaves the place to another one", async () => {
  const turnstile = createTurnstile();
  await turnstile.enter(false, NEVER);
  const impatient = new AbortController();
  const waiting = turnstile.enter(false, impatient.signal);
  impatient.abort();
  expect(await waiting).toBe(false);
  const next = turnstile.enter(false, NEVER);
  expect(await turnstile.enter(false, impatient.signal)).toBe(false);
  turnstile.leave();
  expect(await next).toBe(true);
});
