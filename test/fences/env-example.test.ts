import { isDeepStrictEqual } from "node:util";
import { apiConfig } from "@bulk/api/config";
import { localConfig } from "@bulk/local/config";
import { ConfigError, readConfig } from "@bulk/service/read-config";
import { VARIABLE_NAMES } from "@bulk/service/variable-names";
import { workerConfig } from "@bulk/worker/config";
import { expect, test } from "vitest";
import { readText } from "../support/repository.ts";

const SCHEMAS = [apiConfig, workerConfig, localConfig];
const REQUIRED = { DATABASE_URL: "postgres://host/database" };

test(".env.example has every variable, each with a comment and its default, and no other", () => {
  expect(findFaults(readText(".env.example"))).toEqual([]);
  expect(parseExample(readText(".env.example")).length).toBeGreaterThan(20);
});

test("every variable of the schemas is among those that a misspelt one is compared with", () => {
  const known = SCHEMAS.flatMap((schema) => Object.keys(schema.shape));
  expect(VARIABLE_NAMES).toEqual([...new Set(known)].sort());
});

test.each([
  ["a missing variable", "#PORT=3000\n", "", "PORT is missing"],
  ["a variable nobody knows", "#PORT=", "#PROT=3000\n# Port.\n#PORT=", "PROT is unknown"],
  ["another default", "#TURN_MS=100", "#TURN_MS=300", "TURN_MS: 300 is not the default"],
  ["no default where there is one", "#TURN_MS=100", "#TURN_MS=", "TURN_MS:  is not the default"],
  ["a default that is refused", "#LOG_LEVEL=info", "#LOG_LEVEL=loud", "LOG_LEVEL: loud is not the default"],
  [
    "an invented default",
    "#REDIS_URL=",
    "#REDIS_URL=redis://host",
    "REDIS_URL: redis://host is not the default",
  ],
  ["a variable twice", "#PORT=3000\n", "#PORT=3000\n# Again.\n#PORT=3000\n", "PORT is there twice"],
  ["a variable that is set", "#PORT=3000", "PORT=3000", "PORT is not commented out"],
  ["a variable without a comment", "#PORT=3000\n", "#PORT=3000\n\n#WINDOW=4\n", "WINDOW has no comment"],
])("%s is noticed", (_fault, part, replacement, expected) => {
  const example = readText(".env.example");
  expect(example).toContain(part);
  expect(findFaults(example.replace(part, replacement))).toContain(expected);
});

function findFaults(text: string): readonly string[] {
  const entries = parseExample(text);
  const names = entries.map(({ name }) => name);
  const known = listKnown();
  return [
    ...[...known].filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
    ...names.filter((name) => !known.has(name)).map((name) => `${name} is unknown`),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`),
    ...entries.filter((entry) => entry.isSet).map(({ name }) => `${name} is not commented out`),
    ...entries.filter((entry) => !entry.hasComment).map(({ name }) => `${name} has no comment`),
    ...entries
      .filter(({ name, value }) => !SCHEMAS.every((schema) => isDefault(schema, name, value)))
      .map(({ name, value }) => `${name}: ${value} is not the default`),
  ];
}

type Entry = {
  readonly name: string;
  readonly value: string;
  readonly isSet: boolean;
  readonly hasComment: boolean;
};

function parseExample(text: string): readonly Entry[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const [, hash, name, value] = /^(#?)([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    return [{ name, value, isSet: hash === "", hasComment: /^# \S/.test(lines[index - 1] ?? "") }];
  });
}

/** The variables of the schemas, and those that docker-compose.yml asks for. */
function listKnown(): ReadonlySet<string> {
  const ofCompose = readText("docker-compose.yml").matchAll(/\$\{([A-Z0-9_]+)/g);
  return new Set([
    ...SCHEMAS.flatMap((schema) => Object.keys(schema.shape)),
    ...[...ofCompose].flatMap(([, name]) => name ?? []),
  ]);
}

/** Whether setting the variable to this text changes nothing; no text: whether there is no default. */
function isDefault(schema: (typeof SCHEMAS)[number], name: string, value: string): boolean {
  if (!Object.hasOwn(schema.shape, name)) return true;
  const hasDefault = !Object.hasOwn(REQUIRED, name) && Object.hasOwn(readConfig(schema, REQUIRED), name);
  if (value === "" || !hasDefault) return value === "" && !hasDefault;
  try {
    return isDeepStrictEqual(
      readConfig(schema, { ...REQUIRED, [name]: value }),
      readConfig(schema, REQUIRED),
    );
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
