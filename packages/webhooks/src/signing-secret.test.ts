import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createSigningSecret, openSecret, sealSecret } from "./signing-secret.ts";

const KEY = randomBytes(32);

test("a sealed secret is opened with the same key for the same endpoint, and with no other", () => {
  const secret = createSigningSecret();
  const sealed = sealSecret(secret, KEY, "endpoint");
  expect(openSecret(sealed, KEY, "endpoint")).toBe(secret);
  expect(() => openSecret(sealed, randomBytes(32), "endpoint")).toThrow();
  expect(() => openSecret(sealed, KEY, "another")).toThrow();
  expect(() => openSecret(sealed.with(40, (sealed[40] ?? 0) ^ 1), KEY, "endpoint")).toThrow();
});

test("sealing twice gives nothing to compare", () => {
  const [one, other] = [sealSecret("secret", KEY, "endpoint"), sealSecret("secret", KEY, "endpoint")];
  expect(Buffer.from(one).equals(other)).toBe(false);
});
