import { createClient } from "bulk-actions-client";
import { BulkActionsError } from "bulk-actions-client/errors";
import type { Command } from "commander";
import { saveCredentials } from "../credentials.ts";
import { readSecret } from "../input/read-secret.ts";
import { tell } from "../output/print.ts";

/** `bulk-actions login` */
export function addLoginCommand(program: Command): void {
  program
    .command("login")
    .description("Checks a token and saves it in a file that only you may read.")
    .requiredOption("--url <url>", "the address of the API", process.env["BULK_ACTIONS_URL"])
    .addHelpText("after", "\nThe token is asked for, or read from standard input.")
    .action(login);
}

async function login({ url }: { readonly url: string }): Promise<void> {
  const token = await readSecret("Token: ");
  const { bulkActions } = createClient({ url, token });
  // A token that may only write is a good one, too.
  await bulkActions.list({ limit: 1 }).catch((error: unknown) => {
    if (!(error instanceof BulkActionsError && error.code === "token.scope_missing")) throw error;
  });
  if (isReadable(url)) tell("Warning: without https:// others on the way can read the token.");
  tell(`The token is saved in ${await saveCredentials({ url, token })}.`);
}

function isReadable(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
