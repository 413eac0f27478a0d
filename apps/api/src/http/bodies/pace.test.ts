import { expect, test } from "vitest";
import { createPace } from "./pace.ts";

/** A pace with a clock that moves only when the test lets the next call happen. */
function openPace() {
  let time = 0;
  const calls: { readonly at: number; readonly call: () => void }[] = [];
  const pace = createPace({ now: () => time, callAfter: (ms, call) => calls.push({ at: time + ms, call }) });
  return {
    ...pace,
    calls,
    /** Lets everything happen that is due, one after the other, and tells when it was. */
    runAll(): void {
      for (let next = calls.shift(); next !== undefined; next = calls.shift()) {
        time = Math.max(time, next.at);
        next.call();
      }
    },
    time: () => time,
  };
}

test("others have three times as long as bodies took", () => {
  const pace = openPace();
  const went: number[] = [];
  pace.book(10);
  pace.rest(10, () => went.push(pace.time()));
  pace.runAll();
  expect(went).toEqual([40]);
});

test("the body that took least goes on first, and only one at a time", () => {
  const pace = openPace();
  const went: (readonly [string, number])[] = [];
  pace.book(1);
  pace.rest(100, () => went.push(["crumbs", pace.time()]));
  pace.rest(2, () => {
    went.push(["ids", pace.time()]);
    pace.book(3);
  });
  pace.runAll();
  expect(went).toEqual([
    ["ids", 4],
    ["crumbs", 17],
  ]);
});

test("a body that has ended holds nobody up", () => {
  const pace = openPace();
  const went: string[] = [];
  const giveUp = pace.rest(1, () => went.push("ended"));
  pace.rest(2, () => went.push("other"));
  giveUp();
  pace.runAll();
  expect(went).toEqual(["other"]);
  expect(pace.calls).toEqual([]);
});
