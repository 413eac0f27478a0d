import { RequestError } from "@bulk/domain/errors/request-error";
import { expect, test } from "vitest";
import { parseFormBody } from "./form-body.ts";

function parse(text: string): unknown {
  return parseFormBody(text, 200_000);
}

test.each([
  ["empty brackets", "bulk_action[record_ids][]=a&bulk_action[record_ids][]=b"],
  ["percent-encoded brackets", "bulk_action%5Brecord_ids%5D%5B%5D=a&bulk_action%5brecord_ids%5d%5b%5d=b"],
  ["indexes", "bulk_action[record_ids][0]=a&bulk_action[record_ids][1]=b"],
  ["indexes in any order", "bulk_action[record_ids][7]=a&bulk_action[record_ids][0]=b"],
])("ids with %s are taken in the order they come in", (_spelling, ids) => {
  expect(parse(`bulk_action[action_type]=delete_products&${ids}`)).toEqual({
    bulk_action: { action_type: "delete_products", record_ids: ["a", "b"] },
  });
});

test("no id is dropped, however many there are", () => {
  const ids = Array.from({ length: 100_000 }, (_, index) => `id-${index}`);
  const text = ids.map((id, index) => `bulk_action%5Brecord_ids%5D%5B${index}%5D=${id}`).join("&");
  expect(parse(text)).toEqual({ bulk_action: { action_type: undefined, record_ids: ids } });
});

test("the same index twice is two ids, never one", () => {
  expect(parse("bulk_action[record_ids][0]=a&bulk_action[record_ids][0]=b")).toMatchObject({
    bulk_action: { record_ids: ["a", "b"] },
  });
});

test.each([
  "bulk_action[record_ids]=a",
  "bulk_action[record_ids][x]=a",
  "bulk_action[record_ids][][id]=a",
  "bulk_action[record_ids][-1]=a",
])("ids spelled as %s are refused, not passed over", (text) => {
  expect(() => parse(`bulk_action[record_ids][]=b&${text}`)).toThrow(RequestError);
});

test.each([
  ["", {}],
  ["a=b", { a: "b" }],
  ["bulk_action=x", { bulk_action: "x" }],
  ["bulk_action=x&bulk_action[restorable]=true", { bulk_action: "x" }],
  ["bulk_actions[record_ids][]=a", { "bulk_actions[record_ids][]": "a" }],
])("%j has no bulk action", (text, body) => {
  expect(parse(text)).toEqual(body);
});

test("no name is passed over, neither in the bulk action nor beside it", () => {
  const text =
    "commit=Go&bulk_action[action_type]=delete_products&bulk_action[dry_run]=true&bulk_action[a][b]=c";
  expect(parse(text)).toEqual({
    commit: "Go",
    bulk_action: { action_type: "delete_products", dry_run: "true", "a[b]": "c" },
  });
  const prototype = parse("bulk_action[__proto__]=a&__proto__=b");
  expect(JSON.stringify(prototype)).toBe('{"__proto__":"b","bulk_action":{"__proto__":"a"}}');
});

test("a form of very many names is refused as too large", () => {
  const names = Array.from({ length: 1_001 }, (_, index) => `bulk_action[a${index}]=b`);
  expect(() => parse(names.join("&"))).toThrow(expect.objectContaining({ kind: "too_large" }));
});

test("a form of too many parameters is refused as too large", () => {
  expect(() => parse("a&".repeat(300_000))).toThrow(expect.objectContaining({ kind: "too_large" }));
});
