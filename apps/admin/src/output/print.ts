import { toSnakeCase } from "./snake-case.ts";

/** The options of every command. */
export type OutputOptions = { readonly json?: true };

/** Prints a command's result: with `--json` as one JSON value with names in snake_case, otherwise as lines for people. */
export function print(options: OutputOptions, result: unknown, lines: readonly string[]): void {
  console.log(options.json === true ? JSON.stringify(toSnakeCase(result), undefined, 2) : lines.join("\n"));
}
