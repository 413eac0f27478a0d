import { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };

export type CommandLineOptions = {
  /** What the user types, such as `pnpm start`. */
  readonly name: string;
  /** What the program does, in full sentences. */
  readonly description: string;
  /** The most important variables, each with its meaning and default. */
  readonly variables: Readonly<Record<string, string>>;
  /** A command to copy. */
  readonly example: string;
};

/**
 * Creates the command line of a program. `--help` and `--version` print and exit with 0. Unknown arguments exit with 2.
 * Parse before you start anything.
 */
export function commandLine({ name, description, variables, example }: CommandLineOptions): Command {
  return new Command(name)
    .description(description)
    .version(manifest.version)
    .addHelpText("after", `${listVariables(variables)}\nExample:\n  ${example}`)
    .exitOverride(exitOnUsage);
}

const WRONG_USAGE = 2;

// Commander has already printed the help or the error.
function exitOnUsage({ exitCode }: { readonly exitCode: number }): never {
  process.exit(exitCode === 0 ? 0 : WRONG_USAGE);
}

function listVariables(variables: CommandLineOptions["variables"]): string {
  const names = Object.keys(variables);
  if (names.length === 0) return "";
  const width = Math.max(...names.map((name) => name.length));
  const lines = Object.entries(variables).map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
  return `\nVariables (.env.example has all, with their defaults):\n${lines.join("\n")}\n`;
}

/** Variables of programs that use the embedded server when `DATABASE_URL` is unset. */
export const ENGINE_VARIABLES = {
  DATABASE_URL: "PostgreSQL; unset: an embedded server under DATA_DIR",
  DATA_DIR: "the embedded server's files (.data)",
} as const;
