import { checkConfiguration } from "./check-configuration.ts";
import { CHECKS } from "./checks.ts";
import { describeFailure } from "./describe-error.ts";
import { expandFiles } from "./expand-files.ts";
import type { Finding } from "./finding.ts";
import { inTime } from "./in-time.ts";
import { withSubject } from "./open-subject.ts";
import { readConfiguration } from "./read-configuration.ts";
import type { Check, Subject } from "./subject.ts";

export type DiagnoseOptions = {
  /** The variables of API, worker and commands. */
  readonly environment: NodeJS.ProcessEnv;
  /** This machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Looks at everything that API and workers with these variables rely on, and changes none of it. Answers what
 * was seen, in the order it was looked at. What cannot be looked at is a finding as well and hides nothing else.
 */
export async function diagnose({ environment, now }: DiagnoseOptions): Promise<readonly Finding[]> {
  const expanded = expandFiles(environment);
  const observations = checkConfiguration(readConfiguration(expanded.environment), expanded.faults);
  const findings = await withSubject(expanded.environment, now, async (subject, opening) => {
    const findings = [...opening];
    // One after the other: each may use the same connections.
    for (const check of CHECKS) findings.push(...(await examine(check, subject)));
    return findings;
  });
  return [...observations.map((observation) => ({ check: "configuration", ...observation })), ...findings];
}

async function examine({ name, examine }: Check, subject: Subject): Promise<readonly Finding[]> {
  const observations = await inTime(examine(subject)).catch((error: unknown) => [describeFailure(error)]);
  return observations.map((observation) => ({ check: name, ...observation }));
}
