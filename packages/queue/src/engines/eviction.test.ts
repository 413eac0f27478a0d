import { expect, test } from "vitest";
import { judgeEviction } from "./eviction.ts";

test.each([
  ["a table, which evicts nothing, is fine", undefined, "ok"],
  ["noeviction is fine", "# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\nused:1\r\n", "ok"],
  ["any other policy is not", "# Memory\r\nmaxmemory_policy:allkeys-lru\r\n", "unavailable"],
  ["one that is not told is unknown, and no fault", "# Memory\r\nused_memory:1\r\n", "unknown"],
])("%s", (_statement, info, status) => {
  expect(judgeEviction(info)).toMatchObject({ status });
});
