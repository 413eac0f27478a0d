import { describe, expect, test } from "vitest";
import { firstTurns, parseTurn } from "./turn.ts";

const ID = "01234567-89ab-cdef-0123-456789abcdef";

const start = { id: "a", actionType: "delete_products", generation: 3, enqueuedAt: new Date(0) };

describe("firstTurns", () => {
  test("opens one lane for each chunk, up to the window", () => {
    expect(firstTurns(start, 2, 4).map((turn) => turn.lane)).toEqual([1, 2]);
    expect(firstTurns(start, 9, 4).map((turn) => turn.lane)).toEqual([1, 2, 3, 4]);
    expect(firstTurns(start, 0, 4)).toEqual([]);
  });

  test("carries references and the database's clock, never ids of records", () => {
    expect(firstTurns(start, 1, 1)).toEqual([
      {
        bulkActionId: "a",
        actionType: "delete_products",
        generation: 3,
        lane: 1,
        turn: 1,
        enqueuedAt: new Date(0),
        delayMs: 0,
      },
    ]);
  });
});

describe("parseTurn", () => {
  test("answers the four references and leaves out what a newer version may have added", () => {
    const turn = { bulkActionId: ID, generation: 1, lane: 2, turn: 3 };
    expect(parseTurn({ ...turn, colour: "red" })).toEqual(turn);
  });

  const whole = { bulkActionId: ID, generation: 1, lane: 1, turn: 1 };

  test.each([
    ...[null, "a", {}, [], { bulkActionId: ID }],
    ...["a", 1, null, `${ID}0`, ` ${ID}`, `${ID}\n`].map((bulkActionId) => ({ ...whole, bulkActionId })),
    ...[0, -1, 1.5, 2 ** 31, 1e300, "1", null].flatMap((value) =>
      ["generation", "lane", "turn"].map((field) => ({ ...whole, [field]: value })),
    ),
  ])("refuses %j", (value) => {
    expect(() => parseTurn(value)).toThrow("not a turn");
  });
});
