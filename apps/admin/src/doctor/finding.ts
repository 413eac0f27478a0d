/** The result of a check. `fault`: something fails, or a promise is not kept. `skipped`: it could not be checked. */
export type Verdict = "ok" | "warning" | "fault" | "skipped";

/** What a check found, in whole sentences and without secrets. */
export type Observation = {
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do about it; each statement or command has a line of its own. */
  readonly cure?: string;
};

/** An observation and the check that made it. */
export type Finding = Observation & { readonly check: string };

export function ok(found: string): Observation {
  return { verdict: "ok", found: readable(found) };
}

export function warning(found: string, cure: string): Observation {
  return { verdict: "warning", found: readable(found), cure };
}

export function fault(found: string, cure: string): Observation {
  return { verdict: "fault", found: readable(found), cure };
}

/** @param reason what has to be fixed first */
export function skipped(reason: string): Observation {
  return { verdict: "skipped", found: reason };
}

/** A check that fails to run is a fault, too. */
export function describeFailure(error: unknown): Observation {
  return fault(`The check failed: ${describeError(error)}`, "Fix what the message says, and run it again.");
}

/** An error's message in one line. Of the lines of a Prisma error it is the last: the database's own message. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1)?.trim() || "no reason given";
}

// Statements quote every name. A reader does not need it; a cure, which is SQL, keeps it.
function readable(found: string): string {
  return found.replace(/"([a-z_][a-z0-9_]*)"\."([a-z_][a-z0-9_]*)"/g, "$1.$2");
}
