import { expect, test } from "vitest";
import { digestPassword, isPasswordOf, PASSWORD_DIGEST } from "./password-digest.ts";

test("a digest knows its own password and no other", async () => {
  const digest = await digestPassword("correct horse");
  expect(digest).toMatch(PASSWORD_DIGEST);
  expect(await isPasswordOf(digest, "correct horse")).toBe(true);
  expect(await isPasswordOf(digest, "correct horse ")).toBe(false);
  expect(await isPasswordOf(digest, "")).toBe(false);
});

test("two digests of one password differ", async () => {
  expect(await digestPassword("same")).not.toBe(await digestPassword("same"));
});

test("a digest that is cut off knows no password", async () => {
  const digest = await digestPassword("correct horse");
  expect(await isPasswordOf(digest.slice(0, -4), "correct horse")).toBe(false);
  expect(await isPasswordOf("", "")).toBe(false);
});
