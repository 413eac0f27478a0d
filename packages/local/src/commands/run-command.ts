import { explain } from "@bulk/service/process/run-service";
import type { Command } from "commander";

/** Runs a command-line program. On an error, prints the reason and exits with 1. */
export async function runCommand(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}
