import { randomUUID } from "node:crypto";
import type { Action } from "@bulk/actions/action";
import { createRegistry } from "@bulk/actions/registry";
import { RequestError } from "@bulk/domain/errors/request-error";
import type { KeyType } from "@bulk/domain/keys/key-type";
import { runAtOnce } from "@bulk/service/timing/slices";
import { sql } from "@bulk/store/sql";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findKeyTypeIn } from "../../bulk-actions/body/find-key-type.ts";
import { newBulkActionBody } from "../../bulk-actions/body/new-bulk-action.ts";
import { openPlainBody } from "./plain-body.ts";

const MOST = 5;

const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  delete_users: "uuid",
  delete_offers: "smallint",
  delete_orders: "bigint",
  delete_goods: "text",
};

/** APIs whose action types take UUIDs only, and ids of any type. */
const APIS = [["delete_users"], ["delete_users", "delete_offers", "delete_orders", "delete_goods"]].map(
  openApi,
);

const UUIDS = [randomUUID(), randomUUID(), randomUUID().toUpperCase()];

/** Ids of each type, some of which repeat. */
const IDS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  delete_users: fc.oneof(fc.constantFrom(...UUIDS), fc.uuid()),
  delete_offers: fc.integer({ min: -32_768, max: 32_767 }).map(String),
  delete_orders: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  delete_goods: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 5 }),
};

const oddId = fc.constantFrom(
  ...["", "é", "\u0130", 'a"b', "a\\b", "a\nb", "\0", "\x7f", "01", "-0", "32768", "9223372036854775808"],
  ...["x".repeat(255), "x".repeat(256), "x".repeat(400), ...UUIDS, "1", "a"],
);

const space = fc.constantFrom("", "", "", " ", "\n", "\r\n\t ");

/** Tokens of a body with white space between them. */
const tokens = fc
  .constantFrom("delete_users", "delete_users", ...Object.keys(KEY_TYPES), "delete_all", "é")
  .chain((actionType) =>
    fc.record({
      actionType: fc.constant(actionType),
      ids: fc.array(
        fc.oneof({ weight: 40, arbitrary: IDS[actionType] ?? oddId }, { weight: 1, arbitrary: oddId }),
        { maxLength: MOST + 2 },
      ),
      order: fc.constantFrom("type first", "type first", "ids first", "type twice", "ids twice", "more"),
    }),
  )
  .map(({ actionType, ids, order }) => {
    const type = ['"action_type"', ":", JSON.stringify(actionType)];
    const commas = ids.flatMap((each, at) => [...(at > 0 ? [","] : []), JSON.stringify(each)]);
    const list = ['"record_ids"', ":", "[", ...commas, "]"];
    const members = {
      "type first": [...type, ",", ...list],
      "ids first": [...list, ",", ...type],
      "type twice": [...type, ",", ...list, ",", ...type],
      "ids twice": [...type, ",", ...list, ",", ...list],
      more: [...type, ",", ...list, ",", '"other"', ":", "1"],
    }[order];
    return ["{", '"bulk_action"', ":", "{", ...members, "}", "}"];
  });

type Edit = { readonly at: number; readonly length: number; readonly bytes: Uint8Array };

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(600),
  length: fc.nat(2),
  bytes: fc.oneof(
    fc.constantFrom(
      ...["", '"', "\\", ",", "{", "}", "[", "]", ":", " ", "null", "1", "a", "F", "\0", "\\u0061", "é"].map(
        (text) => Buffer.from(text),
      ),
    ),
    fc.uint8Array({ minLength: 1, maxLength: 2 }),
  ),
});

const body = fc
  .tuple(
    tokens,
    fc.array(space, { minLength: 1, maxLength: 9 }),
    fc.oneof(fc.constant([]), fc.array(edit, { maxLength: 2 })),
  )
  .map(([parts, spaces, edits]) => {
    const text = parts.map((part, at) => part + spaces[at % spaces.length]).join("");
    return edits.reduce(spoil, Buffer.from(text));
  });

const cuts = fc.array(fc.nat(700), { maxLength: 6 });

/** How often a body was read as it arrived. */
let plain = 0;

test("whatever a body is, its bytes mean what its values mean", () => {
  const runs = 10_000;
  fc.assert(
    fc.property(body, cuts, fc.constantFrom(...APIS), (bytes, at, api) => {
      const arrived = api.readAsItArrives(cut(bytes, at));
      if (arrived === undefined) return;
      plain += 1;
      expect(describe(() => api.body.parse(arrived))).toEqual(
        describe(() =>
          api.body.parse(
            JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)),
          ),
        ),
      );
    }),
    { numRuns: runs },
  );
  expect(plain).toBeGreaterThan(runs / 20);
});

test.each([
  [
    "as JSON.stringify writes it",
    (ids: readonly string[]) =>
      JSON.stringify({ bulk_action: { action_type: "delete_users", record_ids: ids } }),
  ],
  [
    "indented",
    (ids: readonly string[]) =>
      JSON.stringify({ bulk_action: { action_type: "delete_users", record_ids: ids } }, null, 4),
  ],
  [
    "with the ids first",
    (ids: readonly string[]) =>
      JSON.stringify({ bulk_action: { record_ids: ids, action_type: "delete_users" } }),
  ],
])("a body %s is plain, wherever it is cut", (_, write) => {
  const ids = [randomUUID(), randomUUID().toUpperCase(), randomUUID()];
  const bytes = Buffer.from(write(ids));
  for (let at = 0; at <= bytes.length; at += 1) {
    const read = APIS[0]?.readAsItArrives([bytes.subarray(0, at), bytes.subarray(at)]);
    expect(read && describe(() => APIS[0]?.body.parse(read))).toEqual(
      describe(() => APIS[0]?.body.parse(JSON.parse(String(bytes)))),
    );
    expect(read).toBeDefined();
  }
  expect(APIS[0]?.readAsItArrives([...bytes].map((byte) => Uint8Array.of(byte)))).toBeDefined();
});

test("a body that goes on after its end is not plain", () => {
  const bytes = Buffer.from(
    `{"bulk_action":{"action_type":"delete_users","record_ids":["${randomUUID()}"]}}`,
  );
  expect(APIS[0]?.readAsItArrives([bytes, Buffer.from(" \n")])).toBeDefined();
  for (const more of ['"', '"a', '"a"', "}", ",", "\0"]) {
    expect(APIS[0]?.readAsItArrives([bytes, Buffer.from(more)]), more).toBeUndefined();
  }
});

test("ids of any type are read as they arrive", () => {
  for (const [actionType, ids] of [
    ["delete_offers", ["1", "-32768"]],
    ["delete_orders", ["9223372036854775807"]],
    ["delete_goods", ["a-1", "A 1"]],
  ]) {
    const bytes = Buffer.from(JSON.stringify({ bulk_action: { action_type: actionType, record_ids: ids } }));
    expect(APIS[1]?.readAsItArrives([bytes])).toBeDefined();
  }
});

function openApi(actionTypes: readonly string[]) {
  const actions = actionTypes.map(
    (type): Action => ({
      ...{ type, recordType: "thing", effect: "deleted", skips: {}, rights: {} },
      ...{
        table: sql`things`,
        key: { type: KEY_TYPES[type] ?? "uuid", column: sql`id`, name: "id" },
        change: { kind: "delete" },
      },
      ...{ condition: sql`true`, skipCode: sql`'record.not_found'` },
    }),
  );
  const registry = createRegistry(actions);
  const findKeyType = findKeyTypeIn(registry);
  return {
    body: newBulkActionBody({ registry, config: { MAX_RECORD_IDS: MOST } }),
    readAsItArrives(pieces: readonly Uint8Array[]): unknown {
      const reader = openPlainBody({ findKeyType, most: MOST, bytes: 0 });
      for (const piece of pieces) reader.take(piece);
      const reading = reader.finish();
      return reading && runAtOnce(reading);
    },
  };
}

function spoil(bytes: Buffer, { at, length, bytes: added }: Edit): Buffer {
  const start = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), added, bytes.subarray(start + length)]);
}

function cut(bytes: Buffer, at: readonly number[]): readonly Uint8Array[] {
  const places = [
    0,
    ...at.map((place) => place % (bytes.length + 1)).toSorted((one, other) => one - other),
    bytes.length,
  ];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

function describe(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { kind, code, message, validationErrors } = error;
    return { kind, code, message, validationErrors };
  }
}
