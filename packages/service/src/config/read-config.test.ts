import { randomUUID } from "node:crypto";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  ConfigError,
  databaseUrl,
  findConfigFaults,
  flag,
  keyOf,
  readConfig,
  urlOf,
  wholeNumber,
} from "./read-config.ts";

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

test("a variable may come from a file, whose last line break does not count", () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "secrets-"));
  const DATABASE_URL_FILE = writeSecret(directory.path, "postgres://h/d\n");
  const PORT_FILE = writeSecret(directory.path, "8080\r\n");
  expect(readConfig(schema, { DATABASE_URL_FILE, DATABASE_URL: "", PORT_FILE })).toEqual({
    DATABASE_URL: "postgres://h/d",
    PORT: 8080,
  });
});

test("a file that cannot be used is a fault of its own, told without what is in it", () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "secrets-"));
  const sound = writeSecret(directory.path, "postgres://h/d");
  const faultsOf = (DATABASE_URL_FILE: string, others: NodeJS.ProcessEnv = {}) => {
    return () => readConfig(schema, { DATABASE_URL_FILE, ...others });
  };
  const begin = "The configuration cannot be used:\n  DATABASE_URL";
  const faults: readonly (readonly [ReturnType<typeof faultsOf>, string])[] = [
    [faultsOf(join(directory.path, "gone")), "_FILE: cannot be read (ENOENT)"],
    [faultsOf(directory.path), "_FILE: is not a file"],
    [faultsOf(writeSecret(directory.path, "\n")), "_FILE: is empty"],
    [faultsOf(writeSecret(directory.path, "x".repeat(70_000))), "_FILE: is larger than 64 kB"],
    [faultsOf(sound, { DATABASE_URL: "postgres://other/d" }), "_FILE: DATABASE_URL is set as well"],
    [faultsOf(writeSecret(directory.path, "secret")), ": must be a URL that starts with postgres://"],
  ];
  for (const [read, fault] of faults) expect(read).toThrow(new ConfigError(`${begin}${fault}`));
});

function writeSecret(directory: string, text: string): string {
  const path = join(directory, randomUUID());
  writeFileSync(path, text);
  return path;
}

test("a variable that is missing must be set, and a misspelt one beside it is named", () => {
  expect(() => readConfig(schema, { DATABASE_ULR: "postgres://h/d", SECRET: "x" })).toThrow(
    "The configuration cannot be used:\n  DATABASE_URL: must be set\n" +
      "  DATABASE_ULR is not a variable of this service. Did you mean DATABASE_URL?",
  );
});

test("every parameter of a database URL that would be ignored is refused, with what to do instead", () => {
  const schema = z.object({ DATABASE_URL: databaseUrl() });
  const fault = (query: string) =>
    findConfigFaults(schema, { DATABASE_URL: `postgres://me:s3cret@h/d?${query}` }).map(
      ({ message }) => message,
    );
  expect(fault("sslmode=require&options=-c%20work_mem%3D8MB&application_name=x")).toEqual([]);
  expect(
    fault("connection_limit=5&pgbouncer=true&target_session_attrs=any&sslmode=allow&schema=shop"),
  ).toEqual([
    "has the parameter connection_limit: remove it, and set API_POOL_SIZE and WORKER_CONCURRENCY",
    "has the parameter pgbouncer: remove it; the pooler needs max_prepared_statements (docs/operations.md)",
    "has the parameter target_session_attrs: remove it",
    "has an unusable value of the parameter sslmode",
    "has the parameter schema: remove it: the service's tables are in the schema bulk (pnpm migrate moves them there), and " +
      "the declaration of records names the schema of the records",
  ]);
  expect(findConfigFaults(schema, { DATABASE_URL: "no url" })).toHaveLength(1);
});
