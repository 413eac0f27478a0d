import { isUuid } from "@bulk/domain/is-uuid";

import fc from "fast-check";
import { expect, test } from "vitest";
import { readUuidList } from "./uuid-list.ts";

const nearlyUuid = fc
  .tuple(fc.uuid(), fc.nat(40), fc.nat(2), fc.constantFrom("-", "0", "G", "F", "ā", "\u0130", " ", "", "\n"))
  .map(([uuid, at, length, text]) => uuid.slice(0, at) + text + uuid.slice(at + length));

// One id is looked at by itself only when the list was refused: the two must mean the same.
test("a list is refused exactly when one of its ids is refused by itself", () => {
  fc.assert(
    fc.property(fc.oneof(nearlyUuid, fc.uuid(), fc.anything()), (value) => {
      expect(readUuidList([value]) !== undefined).toBe(isUuid(value));
    }),
    { numRuns: 3_000 },
  );
});
