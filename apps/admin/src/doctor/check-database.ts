import { findMissingRight } from "@bulk/migration/find-missing-right";
import { findMissingSchema } from "@bulk/migration/find-missing-schema";
import type { MigrationConnection } from "@bulk/migration/migration-connection";
import { readMigrationState } from "@bulk/migration/migration-state";
import type { Database } from "@bulk/store/database";
import { readServerClock, readSettings, type Setting } from "@bulk/store/inspection/server-facts";
import { findUnseenTables } from "@bulk/store/inspection/table-rights";
import { fault, type Observation, ok, skipped, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether all migrations of this version are applied, and unchanged since. */
export async function checkMigrations(connection: MigrationConnection): Promise<readonly Observation[]> {
  const { applied, pending, fault: refusal } = await readMigrationState(connection);
  if (refusal !== undefined) return [fault(refusal.found, refusal.cure)];
  if (pending.length > 0) {
    const found = `Not applied: ${pending.join(", ")}.`;
    const obstacle = await findMissingRight(connection);
    if (obstacle === undefined) return [fault(found, "pnpm migrate")];
    const cure = `Run pnpm migrate as a role that may, or let this one:\n${obstacle.cure}`;
    return [fault(`${found} ${obstacle.found}`, cure)];
  }
  return [ok(`All ${applied.length} are applied and match the files on disk.`)];
}

/** Whether the database has every table, column, index and foreign key that schema.prisma has. */
export async function checkDrift(
  database: Database,
  { databaseUrl }: Subject,
): Promise<readonly Observation[]> {
  const unseen = await findUnseenTables(database);
  const missing = (await findMissingSchema(databaseUrl)).filter((statement) => !isAbout(statement, unseen));
  if (missing.length === 0) return [describeNoDrift(unseen)];
  return [
    fault(
      `The schema was changed by hand: ${missing.length} of its parts are missing or different.`,
      `Read these statements, then run them:\n${missing.join("\n")}`,
    ),
  ];
}

// PostgreSQL hides the columns of a table from a user without rights on it, so the table would look dropped.
function isAbout(statement: string, tables: readonly string[]): boolean {
  return tables.some((table) => statement.includes(`"${table}"`));
}

function describeNoDrift(unseen: readonly string[]): Observation {
  const found = "Every table, column, index and foreign key of this version exists";
  if (unseen.length === 0) return ok(`${found}.`);
  return ok(`${found}, except on tables that this user has no right on: ${unseen.join(", ")}.`);
}

/** Whether a setting of server, database or user prevents writes or breaks a promise. */
export async function checkSettings(connection: MigrationConnection): Promise<readonly Observation[]> {
  const settings = await readSettings(
    connection,
    RULES.map(({ name }) => name),
  );
  const observations = settings.flatMap((setting) =>
    RULES.filter((rule) => rule.name === setting.name && rule.isHarmful(setting.value)).map((rule) =>
      rule.verdict(`${setting.name} is ${setting.value}: ${rule.harm}.`, cure(setting, rule, connection)),
    ),
  );
  return observations.length > 0 ? observations : [ok("No setting of server, database or user is harmful.")];
}

type Rule = {
  readonly name: string;
  readonly isHarmful: (value: string) => boolean;
  readonly verdict: typeof fault;
  readonly harm: string;
  /** As SQL spells it. */
  readonly wanted: string;
};

// Without the settings that every session of ours pins (decision 026).
const RULES: readonly Rule[] = [
  {
    name: "default_transaction_read_only",
    isHarmful: (value) => value === "on",
    verdict: fault,
    harm: "nothing can be written",
    wanted: "off",
  },
  {
    name: "session_replication_role",
    isHarmful: (value) => value !== "origin",
    verdict: fault,
    harm: "no foreign key prevents the deletion of a product on an order line",
    wanted: "origin",
  },
  {
    name: "fsync",
    isHarmful: (value) => value === "off",
    verdict: fault,
    harm: "a crash of the machine may destroy the database",
    wanted: "on",
  },
  {
    name: "synchronous_commit",
    isHarmful: (value) => value === "off",
    verdict: warning,
    harm: "a crash of the server may lose bulk actions after the API responded with 200",
    wanted: "on",
  },
  {
    name: "autovacuum",
    isHarmful: (value) => value === "off",
    verdict: warning,
    harm: "deleted rows keep taking space and time",
    wanted: "on",
  },
];

function cure(setting: Setting, rule: Rule, connection: MigrationConnection): string {
  // A read-only session cannot change its own default otherwise.
  const first =
    setting.name === "default_transaction_read_only" ? "SET default_transaction_read_only = off;\n" : "";
  return first + change(setting, rule, connection);
}

// The sources: https://www.postgresql.org/docs/current/view-pg-settings.html
function change({ name, source }: Setting, { wanted }: Rule, connection: MigrationConnection): string {
  const assignment = `SET ${name} = ${wanted};`;
  const role = `ALTER ROLE ${connection.escapeIdentifier(connection.user ?? "")}`;
  const database = connection.escapeIdentifier(connection.database ?? "");
  switch (source) {
    case "user":
      return `${role} ${assignment}`;
    case "database":
      return `ALTER DATABASE ${database} ${assignment}`;
    case "database user":
      return `${role} IN DATABASE ${database} ${assignment}`;
    case "client":
      return `Remove ${name} from DATABASE_URL (or PGOPTIONS).`;
    default:
      return `ALTER SYSTEM ${assignment} SELECT pg_reload_conf();`;
  }
}

/** Whether the clocks of this machine, PostgreSQL and Redis agree. */
export async function checkClocks({ connection, redis, now }: Subject): Promise<readonly Observation[]> {
  const observations: Observation[] = [];
  if (connection !== undefined) {
    const leadMs = await measureLead(() => readServerClock(connection), now);
    observations.push(
      judgeClock("PostgreSQL", leadMs, "tokens expire early or late, and delayed turns run early or late"),
    );
  }
  if (redis !== undefined) {
    observations.push(
      judgeClock("Redis", await measureLead(redis.readClock, now), "the times in its log differ from ours"),
    );
  }
  return observations.length > 0 ? observations : [skipped("Neither PostgreSQL nor Redis can be reached.")];
}

// How far another clock is ahead at least, in milliseconds; negative: behind. Anything between the two readings of our
// own clock may be the round trip.
async function measureLead(readClock: () => Promise<number>, now: () => number): Promise<number> {
  const before = now();
  const theirs = await readClock();
  const after = now();
  return theirs > after ? theirs - after : Math.min(theirs - before, 0);
}

function judgeClock(engine: string, leadMs: number, harm: string): Observation {
  const skewMs = Math.abs(leadMs);
  if (skewMs <= 1_000) return ok(`The clocks of ${engine} and this machine differ by less than a second.`);
  const direction = leadMs > 0 ? "ahead of" : "behind";
  const found = `The clock of ${engine} is ${Math.round(skewMs / 1_000)} s ${direction} this machine's: ${harm}.`;
  const cure = "Synchronize both clocks by NTP (chronyd, systemd-timesyncd).";
  return skewMs > 30_000 ? fault(found, cure) : warning(found, cure);
}
