import type { MigrationConnection } from "@bulk/migration/migration-connection";
import { findRefusal } from "@bulk/postgres/find-refusal";
import { within } from "@bulk/service/timing/deadline";
import type { Database } from "@bulk/store/database";
import { checkConnections, checkPooler } from "./check-connections.ts";
import { checkClocks, checkDrift, checkMigrations, checkSettings } from "./check-database.ts";
import { checkDeclarations } from "./check-declarations.ts";
import { checkQueue, checkRedis } from "./check-queue.ts";
import { checkChangeRules, checkDeadRows, checkIndexes } from "./check-records.ts";
import { checkRights } from "./check-rights.ts";
import { checkWebhookKey, checkWork } from "./check-work.ts";
import { checkConfiguration, expandFiles, readConfiguration } from "./configuration.ts";
import { describeFailure, type Finding, type Observation, skipped } from "./finding.ts";
import { CHECK_LIMIT_MS, type Subject, withSubject } from "./subject.ts";

export type DiagnoseOptions = {
  /** The variables of API, worker and commands. */
  readonly environment: NodeJS.ProcessEnv;
  /** This machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Checks everything that API and workers with these variables rely on, and changes nothing. Returns the findings in
 * the order of the checks. A check that fails to run is a finding of its own and hides no other.
 */
export async function diagnose({ environment, now }: DiagnoseOptions): Promise<readonly Finding[]> {
  const expanded = expandFiles(environment);
  const observations = checkConfiguration(readConfiguration(expanded.environment), expanded.faults);
  const findings = await withSubject(expanded.environment, now, async (subject, opening) => {
    const findings = [...opening];
    // One after the other: they share the same connections.
    for (const check of CHECKS) findings.push(...(await run(check, subject, findings)));
    return findings;
  });
  return [...observations.map((observation) => ({ check: "configuration", ...observation })), ...findings];
}

type Check = {
  /** Printed, and stable for readers of the JSON. */
  readonly name: string;
  /** Throws when it cannot be checked. */
  examine(subject: Subject): Promise<readonly Observation[]>;
};

/** In the order they are printed. */
const CHECKS: readonly Check[] = [
  onConnection("migrations", checkMigrations),
  onConnection("settings", checkSettings),
  onConnection("pooler", checkPooler),
  onConnection("connections", checkConnections),
  onTables("drift", checkDrift),
  onTables("records", checkDeclarations),
  onTables("rights", checkRights),
  onTables("indexes", checkIndexes),
  onTables("rules", checkChangeRules),
  { name: "queue", examine: checkQueue },
  { name: "redis", examine: checkRedis },
  { name: "clocks", examine: checkClocks },
  onTables("webhooks", checkWebhookKey),
  onTables("work", checkWork),
  onTables("dead rows", checkDeadRows),
];

function onConnection(
  name: string,
  examine: (connection: MigrationConnection, subject: Subject) => Promise<readonly Observation[]>,
): Check {
  return {
    name,
    async examine(subject) {
      if (subject.connection === undefined) return [skipped("The database cannot be reached.")];
      return await examine(subject.connection, subject);
    },
  };
}

function onTables(
  name: string,
  examine: (database: Database, subject: Subject) => Promise<readonly Observation[]>,
): Check {
  return {
    name,
    async examine(subject) {
      if (subject.database === undefined) return [skipped("The services cannot connect to the database.")];
      if (!subject.isMigrated) return [skipped("Tables may be missing: run pnpm migrate first.")];
      return await examine(subject.database, subject);
    },
  };
}

async function run(
  { name, examine }: Check,
  subject: Subject,
  earlier: readonly Finding[],
): Promise<readonly Finding[]> {
  const observations = await within(CHECK_LIMIT_MS, examine(subject)).catch((error: unknown) => [
    isReported(error, earlier) ? skipped(MISSING_RIGHT) : describeFailure(error),
  ]);
  return observations.map((observation) => ({ check: name, ...observation }));
}

const MISSING_RIGHT = "The user lacks a right for this check: grant what rights and queue report first.";

// A right that is missing is reported once, by the check whose cure grants it.
function isReported(error: unknown, earlier: readonly Finding[]): boolean {
  const isAboutRights = findRefusal(error)?.sqlstate === "42501";
  return isAboutRights && earlier.some(({ check, verdict }) => verdict === "fault" && RIGHTS.includes(check));
}

const RIGHTS = ["rights", "queue"];
