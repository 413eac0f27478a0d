import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError, flag, keyOf, readConfig, urlOf, wholeNumber } from "./read-config.ts";

const schema = z.object({
  DATABASE_URL: urlOf("postgres:"),
  PORT: wholeNumber(0, 65_535).default(3000),
});

test("a configuration is read once, with defaults, and frozen", () => {
  const config = readConfig(schema, { DATABASE_URL: "postgres://h/d", UNRELATED: "x" });
  expect(config).toEqual({ DATABASE_URL: "postgres://h/d", PORT: 3000 });
  expect(Object.isFrozen(config)).toBe(true);
});

test("an empty variable counts as unset", () => {
  expect(readConfig(schema, { DATABASE_URL: "postgres://h/d", PORT: "" })).toMatchObject({ PORT: 3000 });
});

test("all faults are listed together, by name and never by value", () => {
  const environment = { DATABASE_URL: "mysql://me:secret@h/d", PORT: "70000" };
  expect(() => readConfig(schema, environment)).toThrow(ConfigError);
  expect(() => readConfig(schema, environment)).toThrow(
    "The configuration cannot be used:\n" +
      "  DATABASE_URL: must be a URL that starts with postgres://\n" +
      "  PORT: must be a whole number from 0 to 65535",
  );
});

test.each(["-1", "1.5", "0x10", "1e3", " 7", "abc"])("%j is no whole number", (PORT) => {
  expect(() => readConfig(schema, { DATABASE_URL: "postgres://h/d", PORT })).toThrow("PORT");
});

test("a flag is true or false and nothing else", () => {
  const flags = z.object({ FLAG: flag().default(false) });
  expect([{}, { FLAG: "true" }, { FLAG: "false" }].map((variables) => readConfig(flags, variables))).toEqual([
    { FLAG: false },
    { FLAG: true },
    { FLAG: false },
  ]);
  expect(() => readConfig(flags, { FLAG: "yes" })).toThrow("FLAG: must be true or false");
});

test("a key is exactly so many bytes in base64, and never in the message", () => {
  const keys = z.object({ KEY: keyOf(4) });
  expect(readConfig(keys, { KEY: "AAECAw==" })).toEqual({ KEY: new Uint8Array([0, 1, 2, 3]) });
  for (const KEY of ["AAEC", "AAECAwQ=", "passphrase", "AAECAw"]) {
    expect(() => readConfig(keys, { KEY })).toThrow(/KEY: must be 4 bytes in base64$/);
  }
});
