import { escapeCell } from "./escape-text.ts";

/** The options of every command that prints a result. */
export type OutputOptions = { readonly json?: true };

/** Prints a result: with `--json` as one line of JSON, otherwise as text. */
export function print({ json }: OutputOptions, result: object, text: string): void {
  process.stdout.write(json === true ? toJsonLine(result) : text);
}

/** Returns a line of JSON. What JSON itself leaves in texts and a terminal would act upon is escaped. */
export function toJsonLine(result: object): string {
  const escaped = JSON.stringify(result).replaceAll(/[\x7f-\x9f]/g, escapeUnit);
  return `${escaped}\n`;
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Tells the user something that is no result. */
export function tell(message: string): void {
  process.stderr.write(`${message.split("\n").map(escapeCell).join("\n")}\n`);
}
