import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { writePrivateFile } from "@bulk/service/write-private-file";
import type { LocalConfig } from "./config.ts";
import { readIfThere } from "./read-if-there.ts";

/**
 * The variables that `pnpm start` gives to API and worker. Beside the embedded server they have a key of their
 * own; on somebody's own database that is theirs to keep as well.
 */
export async function findStackEnvironment(
  { DATABASE_URL, DATA_DIR }: Pick<LocalConfig, "DATABASE_URL" | "DATA_DIR">,
  environment: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  return DATABASE_URL === undefined ? await withWebhookKey(environment, DATA_DIR) : environment;
}

/** The variables of a stack on this machine: webhooks work without anybody having made up a key for them. */
export async function withWebhookKey(
  environment: NodeJS.ProcessEnv,
  dataDirectory: string,
): Promise<NodeJS.ProcessEnv> {
  if (environment["WEBHOOK_SECRET_KEY"] || environment["WEBHOOK_SECRET_KEY_FILE"]) return environment;
  return { ...environment, WEBHOOK_SECRET_KEY: await readOrCreateKey(join(dataDirectory, "webhook-key")) };
}

// Kept with the embedded server's files: the secrets it opens are in there.
async function readOrCreateKey(path: string): Promise<string> {
  const known = await readIfThere(path);
  if (known !== undefined) return known.trim();
  const key = randomBytes(32).toString("base64");
  await writePrivateFile(path, `${key}\n`);
  return key;
}
