import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addBulkActionCommands } from "./commands/bulk-action.ts";
import { addListCommand } from "./commands/list.ts";
import { addLoginCommand } from "./commands/login.ts";
import { addRecordsCommand } from "./commands/records.ts";
import { addSubmitCommands } from "./commands/submit.ts";
import { describeError } from "./describe-error.ts";
import { EXIT_CODES_HELP, exitCodeOfError } from "./exit-codes.ts";
import { escapeText } from "./output/escape-text.ts";

/** Runs one command and returns its exit code. Errors are printed. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Commander has printed its own errors.
    if (!(error instanceof CommanderError)) process.stderr.write(`${escapeText(describeError(error))}\n`);
    return exitCodeOfError(error);
  }
}

function createProgram(exit: (code: number) => void): Command {
  const program = new Command("bulk-actions")
    .description("Deletes, archives and restores many records of a shop, and tells what became of each.")
    .version(readVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText("afterAll", `${VARIABLES_HELP}\n${EXIT_CODES_HELP}`);
  addLoginCommand(program);
  addSubmitCommands(program, exit);
  addBulkActionCommands(program, exit);
  addRecordsCommand(program);
  addListCommand(program);
  return program;
}

const VARIABLES_HELP = `
Variables:
  BULK_ACTIONS_URL    the address of the API; otherwise that of bulk-actions login
  BULK_ACTIONS_TOKEN  the token; otherwise that of bulk-actions login`;

function readVersion(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
