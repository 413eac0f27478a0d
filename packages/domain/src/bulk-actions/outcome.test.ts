import { expect, test } from "vitest";
import { explain } from "./outcome.ts";

test("every code of the contract is explained, and the ones that may pass are retriable", () => {
  const retriable = {
    "record.not_found": false,
    "record.kept": false,
    "record.locked": true,
    "record.timeout": true,
    "record.conflict": true,
    "record.internal_error": false,
    "record.not_attempted": true,
  };
  const reasons = Object.keys(retriable).map((code) => [code, explain(code)] as const);
  expect(Object.fromEntries(reasons.map(([code, reason]) => [code, reason.retriable]))).toEqual(retriable);
  expect(new Set(reasons.map(([, reason]) => reason.message)).size).toBe(reasons.length);
});

test("a code of a newer worker is a reason as well", () => {
  expect(explain("record.archived")).toEqual({ message: expect.any(String), retriable: false });
});
