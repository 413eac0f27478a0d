import { explain } from "@bulk/service/run-service";
import type { Command } from "commander";

/** Runs a command-line program: on an error says why and exits with 1. */
export async function runCommand(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}
