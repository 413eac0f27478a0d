import { toSnakeCase } from "./snake-case.ts";

/** What every command can be told. */
export type OutputOptions = { readonly json?: true };

/** Prints a command's result: as one JSON value with `--json`, its names in snake_case, as the lines for people otherwise. */
export function print(options: OutputOptions, result: unknown, lines: readonly string[]): void {
  console.log(options.json === true ? JSON.stringify(toSnakeCase(result), undefined, 2) : lines.join("\n"));
}
