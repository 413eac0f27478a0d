import { createInterface } from "node:readline/promises";
import { CommandError, EXIT } from "../exit-codes.ts";

/** How a user says yes. */
export type ConfirmOptions = {
  readonly yes?: true;
  readonly max?: number;
};

/** What the user agrees to. */
type Found = {
  readonly total: number;
  /** How many of them the action would change now. */
  readonly applicable: number;
};

/**
 * Returns if the user agrees: by typing the number of records that would change, or by `--yes`. Throws `CommandError` otherwise,
 * and whenever there are more than `--max` in total: some that would be skipped now may be changed in a moment.
 */
export async function confirm({ total, applicable }: Found, { yes, max }: ConfirmOptions): Promise<void> {
  if (max !== undefined && total > max) {
    throw refuse(`These are ${total} records, more than --max ${max}.`);
  }
  if (yes === true) return;
  if (!process.stdin.isTTY) throw refuse("There is no terminal to ask. Use --yes with --max.");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = lines.question(`Type ${applicable} to go on: `);
    const answer = await Promise.race([question, closedBy(lines), interruptedBy(lines)]);
    if (answer?.trim() !== String(applicable)) throw refuse("That is not the number.");
  } finally {
    lines.close();
  }
}

function interruptedBy(lines: ReturnType<typeof createInterface>): Promise<never> {
  return new Promise((_, reject) => {
    lines.once("SIGINT", () => reject(new CommandError(EXIT.interrupted, "\nNothing was submitted.")));
  });
}

// Ctrl-D.
function closedBy(lines: ReturnType<typeof createInterface>): Promise<undefined> {
  return new Promise((resolve) => lines.once("close", () => resolve(undefined)));
}

function refuse(reason: string): CommandError {
  return new CommandError(EXIT.refused, `${reason} Nothing was submitted.`);
}
