import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CommandError, EXIT } from "./exit-codes.ts";

/** Where the API is, and the token for it. */
export type Credentials = { readonly url: string; readonly token: string };

/**
 * Returns the credentials: each part from its variable, otherwise from the file of `login`. The token of the file is only for
 * the address of the file. Throws `CommandError` if a part is missing, or if others may read the file.
 */
export async function loadCredentials(environment = process.env): Promise<Credentials> {
  const { BULK_ACTIONS_URL: givenUrl, BULK_ACTIONS_TOKEN: givenToken } = environment;
  const saved = givenUrl && givenToken ? undefined : await readSaved(environment);
  const url = givenUrl || saved?.url;
  const token =
    givenToken || (saved !== undefined && isSameAddress(saved.url, url) ? saved.token : undefined);
  if (url !== undefined && token !== undefined) return { url, token };
  const missing = url === undefined ? "BULK_ACTIONS_URL" : "BULK_ACTIONS_TOKEN";
  throw new CommandError(EXIT.usage, `Run bulk-actions login first, or set ${missing}.`);
}

/** Saves the credentials in a file that only its owner may read. Returns its path. */
export async function saveCredentials(credentials: Credentials, environment = process.env): Promise<string> {
  const path = pathIn(environment);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(unfinished, `${JSON.stringify(credentials)}\n`, { flag: "wx", mode: 0o600 });
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

function pathIn({ XDG_CONFIG_HOME }: NodeJS.ProcessEnv): string {
  return join(XDG_CONFIG_HOME || join(homedir(), ".config"), "bulk-actions", "credentials.json");
}

async function readSaved(environment: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const path = pathIn(environment);
  const mode = await stat(path).then(
    (file) => file.mode,
    () => undefined,
  );
  if (mode === undefined) return undefined;
  // Windows has no such modes.
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new CommandError(EXIT.failed, `Others may read ${path}. Run: chmod 600 ${path}`);
  }
  const saved = parse(await readFile(path, "utf8"));
  if (isCredentials(saved)) return saved;
  throw new CommandError(EXIT.failed, `${path} is damaged. Run bulk-actions login again.`);
}

// The error of `JSON.parse` would quote the token.
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSameAddress(one: string, other: string | undefined): boolean {
  return other !== undefined && normalize(one) === normalize(other);
}

function normalize(url: string): string {
  return (URL.canParse(url) ? new URL(url).href : url).replace(/\/+$/, "");
}

function isCredentials(value: unknown): value is Credentials {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof Reflect.get(value, "url") === "string" &&
    typeof Reflect.get(value, "token") === "string"
  );
}
