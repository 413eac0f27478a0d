import { isDeepStrictEqual } from "node:util";
import { apiConfig } from "@bulk/api/config";
import { localConfig } from "@bulk/local/config";
import { ConfigError, readConfig } from "@bulk/service/config/read-config";
import { VARIABLE_NAMES } from "@bulk/service/config/variable-names";
import { workerConfig } from "@bulk/worker/config";
import { expect, test } from "vitest";
import { holdAll, listDifferences } from "../support/hold-all.ts";
import { readText } from "../support/repository.ts";

const SCHEMAS = [apiConfig, workerConfig, localConfig];
const REQUIRED = { DATABASE_URL: "postgres://host/database" };
const KNOWN = SCHEMAS.flatMap((schema) => Object.keys(schema.shape));
const COMPOSE = readText("docker-compose.yml").match(/(?<=\$\{)[A-Z0-9_]+/g) ?? [];

holdAll(readText(".env.example"), [
  [
    "every variable of the schemas and of compose is there, and no other",
    (text) => listDifferences([...KNOWN, ...COMPOSE], listNames(text)),
    { "#PORT=3000\n": "", "#PORT=": "# Port.\n#PROT=3000\n# Port.\n#PORT=" },
  ],
  [
    "no variable is there twice",
    (text) => listNames(text).filter((name, index, names) => names.indexOf(name) !== index),
    { "#PORT=3000\n": "#PORT=3000\n# Again.\n#PORT=3000\n" },
  ],
  [
    "every variable is commented out",
    (text) => text.match(/^[A-Z]\w*=/gm) ?? [],
    { "#PORT=3000": "PORT=3000" },
  ],
  [
    "every variable has a comment",
    (text) => text.match(/(?<!^# .*\n)^#[A-Z]\w*=/gm) ?? [],
    { "#PORT=3000\n": "#PORT=3000\n\n#WINDOW=4\n" },
  ],
  [
    "every variable has its default",
    (text) =>
      listNames(text).filter((name) => {
        const [, value = ""] = new RegExp(`^#?${name}=(.*)$`, "m").exec(text) ?? [];
        return !SCHEMAS.every((schema) => isDefault(schema, name, value));
      }),
    {
      "#TURN_MS=100": "#TURN_MS=300",
      "#WINDOW=4": "#WINDOW=",
      "#LOG_LEVEL=info": "#LOG_LEVEL=loud",
      "#REDIS_URL=": "#REDIS_URL=redis://host",
    },
  ],
]);

test("every variable of the schemas is among those that a misspelt one is compared with", () => {
  expect(VARIABLE_NAMES).toEqual([...new Set(KNOWN)].sort());
});

function listNames(text: string): readonly string[] {
  return text.match(/(?<=^#?)[A-Z][A-Z0-9_]*(?==)/gm) ?? [];
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
