import { expect, test } from "vitest";
import { encodeUuidArray } from "./uuid-array.ts";

// What `SELECT encode(array_send($1::uuid[]), 'hex')` of PostgreSQL 18 answers for them.
test("ids in any case are written as array_send writes them", () => {
  const ids = ["01234567-89ab-cdef-0123-456789abcdef", "FEDCBA98-7654-3210-FEDC-BA9876543210"];
  expect(Buffer.from(encodeUuidArray(ids)).toString("hex")).toBe(
    "000000010000000000000b860000000200000001" +
      "000000100123456789abcdef0123456789abcdef" +
      "00000010fedcba9876543210fedcba9876543210",
  );
});
