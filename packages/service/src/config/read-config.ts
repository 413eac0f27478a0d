import { findParameterFaults } from "@bulk/postgres/connection-url";
import { z } from "zod";
import { describeMisspelling, findMisspellings } from "./find-misspellings.ts";
import { readSecretFiles, type SecretFiles } from "./secret-files.ts";

/** The configuration is invalid. The message lists all faults by variable name, never with a value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads the whole configuration of a process. An empty variable counts as unset. A variable may come from the file that
 * `<NAME>_FILE` names. Returns a frozen object. Throws `ConfigError`, which lists all faults.
 */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): Readonly<z.infer<Schema>> {
  const { values, faults } = parse(schema, environment);
  if (values !== undefined && faults.length === 0) return Object.freeze(values);
  const lines = [
    ...faults.map(({ variable, message }) => `  ${variable}: ${message}`),
    ...findMisspellings(environment).map((misspelling) => `  ${describeMisspelling(misspelling)}`),
  ];
  throw new ConfigError(`The configuration cannot be used:\n${lines.join("\n")}`);
}

/** A fault of one variable, without its value. */
export type ConfigFault = { readonly variable: string; readonly message: string };

/** Returns all faults that make `readConfig` throw. */
export function findConfigFaults(
  schema: z.ZodObject,
  environment: NodeJS.ProcessEnv,
): readonly ConfigFault[] {
  return parse(schema, environment).faults;
}

type Parsed<Schema extends z.ZodObject> = {
  readonly values: z.infer<Schema> | undefined;
  readonly faults: readonly ConfigFault[];
};

function parse<Schema extends z.ZodObject>(schema: Schema, environment: NodeJS.ProcessEnv): Parsed<Schema> {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const files = readSecretFiles(Object.keys(schema.shape), present);
  const parsed = schema.safeParse({ ...present, ...files.values });
  const issues = (parsed.error?.issues ?? []).map((issue) =>
    isMissing(issue, present) ? { ...issue, message: "must be set" } : issue,
  );
  return { values: parsed.data, faults: [...listFiles(files), ...listIssues(issues, files)] };
}

// Zod's own message would be "expected string, received undefined".
function isMissing({ code, path }: z.core.$ZodIssue, present: NodeJS.ProcessEnv): boolean {
  return code === "invalid_type" && present[String(path[0])] === undefined;
}

function listFiles({ faults }: SecretFiles): readonly ConfigFault[] {
  return Object.entries(faults).map(([name, message]) => ({ variable: `${name}_FILE`, message }));
}

// A variable whose file is faulty has been reported already; it would be reported again as missing.
function listIssues(issues: readonly z.core.$ZodIssue[], { faults }: SecretFiles): readonly ConfigFault[] {
  return issues
    .filter(({ path }) => !Object.hasOwn(faults, String(path[0])))
    .map(({ path, message }) => ({ variable: path.join("."), message }));
}

/** Parses a whole number between two bounds, both included. */
export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
}

/** Parses a decimal number between two bounds, both included. */
export function decimal(least: number, most: number) {
  const message = `must be a number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
}

/** Parses `true` or `false`. */
export function flag() {
  return z.enum(["true", "false"], "must be true or false").transform((value) => value === "true");
}

/** Parses a key of this many bytes in base64, as `openssl rand -base64 <bytes>` prints it. */
export function keyOf(bytes: number) {
  return z
    .base64(`must be ${bytes} bytes in base64`)
    .transform((value) => new Uint8Array(Buffer.from(value, "base64")))
    .refine((key) => key.length === bytes, `must be ${bytes} bytes in base64`);
}

/** Accepts a URL with one of these protocols, such as `postgres:`. */
export function urlOf(...protocols: readonly string[]) {
  return z.string().refine(
    (value) => {
      return URL.canParse(value) && protocols.includes(new URL(value).protocol);
    },
    `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
  );
}

/** Accepts the URL of a PostgreSQL database. Rejects parameters that would be ignored. */
export function databaseUrl() {
  return urlOf("postgres:", "postgresql:").superRefine((value, context) => {
    if (!URL.canParse(value)) return;
    for (const message of findParameterFaults(value)) context.addIssue({ code: "custom", message });
  });
}
