import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };

export type CommandLineOptions = {
  /** What its user types, such as `pnpm start`. */
  readonly name: string;
  /** What it does, in whole sentences. */
  readonly description: string;
  /** The variables that matter most, each with what it means and its default. */
  readonly variables: Readonly<Record<string, string>>;
  /** Something to copy. */
  readonly example: string;
};

/**
 * The command line of one of our programs. `--help` and `--version` print and exit with 0; whatever the program does
 * not know is refused and exits with 2. Nothing has been started by then, so parse it first.
 */
export function commandLine({ name, description, variables, example }: CommandLineOptions): Command {
  return new Command(name)
    .description(description)
    .version(manifest.version)
    .addHelpText("after", `${listVariables(variables)}\nExample:\n  ${example}`)
    .exitOverride(exitOnUsage);
}

const WRONG_USAGE = 2;

// Commander has printed already: the help, or what is wrong.
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

/** The variables that say where the engines are, for every program that works without them as well. */
export const ENGINE_VARIABLES = {
  DATABASE_URL: "PostgreSQL; unset: an embedded server under DATA_DIR",
  DATA_DIR: "the embedded server's files (.data)",
} as const;
