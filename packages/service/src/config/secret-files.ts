import { readFileSync, statSync } from "node:fs";

export type SecretFiles = {
  /** Content of the file, by variable. */
  readonly values: Readonly<Record<string, string>>;
  /** Fault of the file, by variable, without its content. */
  readonly faults: Readonly<Record<string, string>>;
};

/**
 * Reads the variables that come from files: `NAME_FILE` is the path of a file whose text, without trailing line breaks,
 * is the value of `NAME`. With Docker and Kubernetes, secrets then do not appear in the environment of a process.
 */
export function readSecretFiles(
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SecretFiles {
  const values: Record<string, string> = {};
  const faults: Record<string, string> = {};
  for (const name of names) {
    const path = environment[`${name}_FILE`];
    if (path === undefined) continue;
    const read = environment[name] === undefined ? readSecretFile(path) : { fault: `${name} is set as well` };
    if ("fault" in read) faults[name] = read.fault;
    else values[name] = read.text;
  }
  return { values, faults };
}

/** No secret is longer. A larger file was named by mistake. */
const MOST_BYTES = 64 * 1024;

function readSecretFile(path: string): { readonly text: string } | { readonly fault: string } {
  try {
    const file = statSync(path);
    if (!file.isFile()) return { fault: "is not a file" };
    if (file.size > MOST_BYTES) return { fault: "is larger than 64 kB" };
    const text = readFileSync(path, "utf8").replace(/[\r\n]+$/, "");
    return text === "" ? { fault: "is empty" } : { text };
  } catch (error) {
    return { fault: `cannot be read (${findCode(error)})` };
  }
}

function findCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "for an unknown reason";
}
