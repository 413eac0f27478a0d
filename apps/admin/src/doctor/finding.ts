/** How a look ended. A fault keeps a promise from being kept; what could not be looked at was skipped. */
export type Verdict = "ok" | "warning" | "fault" | "skipped";

/** What a check saw, in whole sentences and without secrets. */
export type Observation = {
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do about it, exactly; lines of their own for statements and commands. */
  readonly cure?: string;
};

/** What is printed: an observation and the check that made it. */
export type Finding = Observation & { readonly check: string };

export function ok(found: string): Observation {
  return { verdict: "ok", found };
}

export function warning(found: string, cure: string): Observation {
  return { verdict: "warning", found, cure };
}

export function fault(found: string, cure: string): Observation {
  return { verdict: "fault", found, cure };
}

/** @param reason what has to be mended first */
export function skipped(reason: string): Observation {
  return { verdict: "skipped", found: reason };
}
