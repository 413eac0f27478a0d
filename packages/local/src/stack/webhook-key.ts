import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { writePrivateFile } from "@bulk/service/process/write-private-file";
import type { LocalConfig } from "../config.ts";
import { readIfThere } from "../postgres/read-if-there.ts";

/**
 * Returns the variables that `pnpm start` gives to API and worker. With the embedded server, the key for webhooks is
 * generated; with your own database you set it yourself.
 */
export async function findStackEnvironment(
  { DATABASE_URL, DATA_DIR }: Pick<LocalConfig, "DATABASE_URL" | "DATA_DIR">,
  environment: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  return DATABASE_URL === undefined ? await withWebhookKey(environment, DATA_DIR) : environment;
}

/** Adds a generated key for webhooks to the variables, unless they have one. */
export async function withWebhookKey(
  environment: NodeJS.ProcessEnv,
  dataDirectory: string,
): Promise<NodeJS.ProcessEnv> {
  if (environment["WEBHOOK_SECRET_KEY"] || environment["WEBHOOK_SECRET_KEY_FILE"]) return environment;
  return { ...environment, WEBHOOK_SECRET_KEY: await readOrCreateKey(join(dataDirectory, "webhook-key")) };
}

// Stored with the files of the embedded server, which hold the secrets that it decrypts.
async function readOrCreateKey(path: string): Promise<string> {
  const known = await readIfThere(path);
  if (known !== undefined) return known.trim();
  const key = randomBytes(32).toString("base64");
  await writePrivateFile(path, `${key}\n`);
  return key;
}
