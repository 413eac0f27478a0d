import { fault, type Observation } from "./finding.ts";

/** A look that failed is a finding, too. */
export function describeFailure(error: unknown): Observation {
  return fault(`Cannot be looked at: ${describeError(error)}`, "Mend what the message says, and look again.");
}

/** What an error says, in one line: of Prisma's many the last, which is the database's own. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1)?.trim() || "no reason given";
}
