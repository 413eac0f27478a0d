import { expect, test } from "vitest";
import { parseCondition } from "./parse-filter.ts";

test.each([
  ["created_at<2022-01-01", { created_at: { lt: "2022-01-01T00:00:00Z" } }],
  ["created_at>=2022-01-01T12:00:00+02:00", { created_at: { gte: "2022-01-01T12:00:00+02:00" } }],
  ['created_on="2022-01-01"', { created_on: { eq: "2022-01-01" } }],
  ["price_amount<=900", { price_amount: { lte: "900" } }],
  ["name=a=b<c", { name: { eq: "a=b<c" } }],
  ["active=true", { active: { eq: true } }],
  ['name="true"', { name: { eq: "true" } }],
  ['sku in A-1,"true",B', { sku: { in: ["A-1", "true", "B"] } }],
  ["orders exists false", { orders: { exists: false } }],
  ["archived_at is_null true", { archived_at: { is_null: true } }],
])("%s is a condition", (text, filter) => {
  expect(parseCondition(text)).toEqual(filter);
});

test("conditions on one field are joined", () => {
  const filter = parseCondition("created_at<2022-01-01", parseCondition("created_at>2021-01-01"));
  expect(filter).toEqual({
    created_at: { gt: "2021-01-01T00:00:00Z", lt: "2022-01-01T00:00:00Z" },
  });
  expect(() => parseCondition("created_at<2020-01-01", filter)).toThrow("twice");
});

test.each(["created_at", "created_at<", "<2022", "a like b", "orders exists maybe", "A=1", ""])(
  "%j is none",
  (text) => {
    expect(() => parseCondition(text)).toThrow(/It must be like|is true or false/);
  },
);
