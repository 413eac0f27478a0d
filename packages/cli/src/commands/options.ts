import { type Command, InvalidArgumentError, Option } from "commander";

/** Adds the option of every command that prints a result. */
export function addOutputOption(command: Command): Command {
  return command.option("--json", "print the result as JSON");
}

/** Adds the options of every command that waits for the end of a bulk action. */
export function addFollowOptions(command: Command): Command {
  const timeout = new Option(
    "--timeout <seconds>",
    "how long to wait for the end; what is submitted goes on",
  );
  return addOutputOption(command).addOption(timeout.argParser(parseCount));
}

/** Parses a whole number from 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,12}$/.test(text) && count >= 1) return count;
  throw new InvalidArgumentError("It must be a whole number from 1.");
}

/** Parses a word of an action type, such as `products`. */
export function parseWord(text: string): string {
  if (/^[a-z][a-z0-9_]{0,99}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be a word in lower case, such as products.");
}

/** Collects an option that may be repeated, and whose values may be separated by commas. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(",").filter((part) => part !== "")];
}
