import { randomUUID } from "node:crypto";
import type { Action } from "@bulk/actions/action";
import { createRegistry } from "@bulk/actions/registry";
import { RequestError } from "@bulk/domain/errors/request-error";
import type { KeyType } from "@bulk/domain/keys/key-type";
import { openRecords } from "@bulk/records/open-records";
import { jsonOfRecordIds } from "@bulk/store/record-ids/ids-json";
import { sql } from "@bulk/store/sql";
import { expect, test } from "vitest";
import { z } from "zod";
import { newBulkActionBody } from "./new-bulk-action.ts";

const CONFIG = { MAX_RECORD_IDS: 100 };

const MIXED = bodyOf(
  new Map([
    ["delete_users", "uuid"],
    ["delete_offers", "smallint"],
    ["delete_orders", "bigint"],
    ["delete_goods", "text"],
  ]),
);

test("ids are read as the action type's key", () => {
  expect(parse("delete_orders", [12, "9223372036854775807", "12"])).toEqual(["12", "9223372036854775807"]);
  expect(parse("delete_goods", ["a", "A", "a ", "12"])).toEqual(["a", "A", "a ", "12"]);
  const id = randomUUID();
  expect(parse("delete_users", [id.toUpperCase(), id])).toEqual([id]);
});

test.each([
  ["delete_offers", 40_000, "[0] is not a whole number from -32768 to 32767 without leading zeros: 40000"],
  ["delete_offers", "01", '[0] is not a whole number from -32768 to 32767 without leading zeros: "01"'],
  [
    "delete_orders",
    2 ** 60,
    "[0] is not a whole number from -9223372036854775808 to 9223372036854775807 without leading zeros, " +
      "as a string if JSON numbers cannot hold it exactly: 1152921504606847000",
  ],
  ["delete_goods", 12, "[0] is not a text of 1 to 255 characters without U+0000: 12"],
  ["delete_goods", "\ud800", '[0] is not a text of 1 to 255 characters without U+0000: "\\ud800"'],
  ["delete_users", 12, "[0] is not a UUID: 12"],
])("%s says what it expected in the place of %j", (actionType, id, message) => {
  expect(faultsOf(actionType, [id])).toEqual([["bulk_action.record_ids.invalid", message]]);
});

test("ids that are no array get a message by type", () => {
  expect(faultsOf("delete_offers", "12")).toEqual([
    [
      "bulk_action.record_ids.invalid",
      "must be an array of ids, each a whole number from -32768 to 32767 without leading zeros",
    ],
  ]);
});

test("an unknown action type is reported together with faults of the ids that any type would have", () => {
  const unknown = [
    "bulk_action.action_type.inclusion",
    expect.stringContaining("must be one of delete_users"),
  ];
  expect(faultsOf("delete_all", ["a", 1, null])).toEqual([unknown]);
  expect(faultsOf("delete_all", [])).toEqual([unknown, ["bulk_action.record_ids.blank", "can't be blank"]]);
  expect(faultsOf("delete_all", 7)).toEqual([
    unknown,
    ["bulk_action.record_ids.invalid", "must be an array of ids"],
  ]);
  expect(faultsOf(["delete_users"], ["a"])).toEqual([
    ["bulk_action.action_type.inclusion", expect.any(String)],
  ]);
});

test("the reference describes the ids by action type, and UUIDs alone by their format", () => {
  const described = describeIds(MIXED);
  expect(described).toMatchObject({ items: { type: ["string", "integer"], maxLength: 255 } });
  expect(described.description).toContain("For `delete_goods` each id is a text of 1 to 255 characters");
  const uuids = describeIds(newBulkActionBody({ registry: openRecords().registry, config: CONFIG }));
  expect(uuids).toMatchObject({ items: { type: "string", format: "uuid" } });
  expect(uuids.description).not.toContain("delete_products");
  const texts = describeIds(bodyOf(new Map([["delete_goods", "text"]])));
  expect(texts).toMatchObject({ items: { type: "string", maxLength: 255 } });
});

function parse(actionType: unknown, recordIds: unknown): unknown {
  const body = { bulk_action: { action_type: actionType, record_ids: recordIds } };
  const parsed = MIXED.parse(body);
  if (parsed.kind !== "listed") throw new Error("It was read as a filter.");
  const pieces = [...jsonOfRecordIds(parsed.recordIds).pieces()];
  return JSON.parse(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString());
}

function faultsOf(actionType: unknown, recordIds: unknown) {
  try {
    return parse(actionType, recordIds);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return error.validationErrors.map(({ code, message }) => [code, message]);
  }
}

function describeIds({ schema }: ReturnType<typeof newBulkActionBody>) {
  const { $defs } = DOCUMENT.parse(z.toJSONSchema(schema["application/json"], { io: "input" }));
  const content = $defs.NewBulkAction.properties.bulk_action;
  return ("anyOf" in content ? content.anyOf[0] : content).properties.record_ids;
}

const LISTED = z.object({
  properties: z.object({ record_ids: z.looseObject({ description: z.string() }) }),
});

/** The part of the JSON schema that describes the ids. */
const DOCUMENT = z.object({
  $defs: z.object({
    NewBulkAction: z.object({
      properties: z.object({
        // Where filters are declared, ids are one of several forms.
        bulk_action: z.union([z.object({ anyOf: z.tuple([LISTED], z.unknown()) }), LISTED]),
      }),
    }),
  }),
});

function bodyOf(types: ReadonlyMap<string, KeyType>) {
  const actions = [...types].map(
    ([type, keyType]): Action => ({
      ...{ type, recordType: "thing", effect: "deleted", skips: {}, rights: {} },
      ...{
        table: sql`things`,
        key: { type: keyType, column: sql`id`, name: "id" },
        change: { kind: "delete" },
      },
      ...{ condition: sql`true`, skipCode: sql`'record.not_found'` },
    }),
  );
  return newBulkActionBody({ registry: createRegistry(actions), config: CONFIG });
}
