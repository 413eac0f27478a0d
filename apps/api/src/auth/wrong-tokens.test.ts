import { expect, test } from "vitest";
import { countWrongTokens, networkOf } from "./wrong-tokens.ts";

test("the twenty-first wrong token within a minute is one too many, of this address only", () => {
  const wrong = countWrongTokens();
  for (let n = 0; n < 20; n += 1) {
    expect(wrong.isGuessing("192.0.2.1")).toBe(false);
    expect(wrong.count("192.0.2.1")).toBeUndefined();
  }
  expect(wrong.isGuessing("192.0.2.1")).toBe(true);
  const seconds = wrong.count("192.0.2.1");
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(wrong.isGuessing("192.0.2.2")).toBe(false);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:0:1::1", "8193:3512:0:1"],
  ["2001:db8:0:1:ffff:ffff:ffff:ffff", "8193:3512:0:1"],
  ["2001:db8:0:2::1", "8193:3512:0:2"],
  ["nonsense", "unknown"],
  [undefined, "unknown"],
])("%s belongs to the network %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
