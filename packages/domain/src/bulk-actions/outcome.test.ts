import { expect, test } from "vitest";
import { bareCode, explain } from "./outcome.ts";

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

test("the detail of a stored code is no part of the code, and ends the message", () => {
  const skips = { "record.unique_taken": { message: "Another row has one of its unique values." } };
  const stored = "record.unique_taken:products_sku:key";
  expect(bareCode(stored)).toBe("record.unique_taken");
  expect(explain(stored, skips)).toEqual({
    message: "Another row has one of its unique values: products_sku:key",
    retriable: false,
  });
  expect(explain("record.unique_taken", skips).message).toBe(skips["record.unique_taken"].message);
});
