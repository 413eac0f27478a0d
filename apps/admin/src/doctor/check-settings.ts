import { readSettings, type Setting } from "@bulk/store/inspection/server-facts";
import type { MigrationConnection } from "@bulk/store/migration/migration-connection";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Settings of server, database or user that make chunks or migrations fail, or a promise empty. */
export async function checkSettings(
  connection: MigrationConnection,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const rules = listRules(configuration.worker.STATEMENT_TIMEOUT_MS);
  const settings = await readSettings(
    connection,
    rules.map(({ name }) => name),
  );
  const observations = settings.flatMap((setting) =>
    rules
      .filter((rule) => rule.name === setting.name && rule.isHarmful(setting.value))
      .map((rule) =>
        rule.verdict(`${setting.name} is ${setting.value}: ${rule.harm}.`, cure(setting, rule, connection)),
      ),
  );
  return observations.length > 0
    ? observations
    : [ok("No setting of server, database or user gets in the way.")];
}

type Rule = {
  readonly name: string;
  readonly isHarmful: (value: string) => boolean;
  readonly verdict: typeof fault;
  readonly harm: string;
  /** As SQL spells it. */
  readonly wanted: string;
};

// Times are in milliseconds. The services bring a lock_timeout, a statement_timeout and an
// idle_in_transaction_session_timeout of their own, which go before those of the user.
function listRules(statementTimeoutMs: number): readonly Rule[] {
  return [...listFatal(statementTimeoutMs), ...listHarmful(statementTimeoutMs)];
}

function listFatal(statementTimeoutMs: number): readonly Rule[] {
  return [
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
      harm: "no foreign key keeps a product on an order line from being deleted",
      wanted: "origin",
    },
    {
      name: "transaction_timeout",
      isHarmful: (value) => value !== "0" && Number(value) <= statementTimeoutMs,
      verdict: fault,
      harm: `it ends chunks before STATEMENT_TIMEOUT_MS (${statementTimeoutMs}) does, and their connection`,
      wanted: "0",
    },
    {
      name: "fsync",
      isHarmful: (value) => value === "off",
      verdict: fault,
      harm: "a crash of the machine may destroy the database",
      wanted: "on",
    },
  ];
}

function listHarmful(statementTimeoutMs: number): readonly Rule[] {
  return [
    {
      name: "statement_timeout",
      isHarmful: (value) => value !== "0" && Number(value) < statementTimeoutMs,
      verdict: warning,
      harm: "it ends pnpm migrate when an index takes longer, and counts for the queue's connections",
      wanted: "0",
    },
    {
      name: "idle_session_timeout",
      // The listener says something every ten seconds.
      isHarmful: (value) => value !== "0" && Number(value) <= 10_000,
      verdict: warning,
      harm: "the listener loses its connection, and callers that wait are told up to two seconds late",
      wanted: "0",
    },
    {
      name: "default_transaction_isolation",
      isHarmful: (value) => value !== "read committed",
      verdict: warning,
      harm: "a chunk that meets another transaction is refused, and tried again later",
      wanted: "'read committed'",
    },
    {
      name: "synchronous_commit",
      isHarmful: (value) => value === "off",
      verdict: warning,
      harm: "a crash of the server may lose bulk actions that were answered with 200",
      wanted: "on",
    },
    {
      name: "autovacuum",
      isHarmful: (value) => value === "off",
      verdict: warning,
      harm: "what was deleted goes on taking room and time",
      wanted: "on",
    },
  ];
}

// https://www.postgresql.org/docs/current/view-pg-settings.html says what sources there are.
function cure(setting: Setting, rule: Rule, connection: MigrationConnection): string {
  // Who has it for itself cannot change it otherwise.
  const first =
    setting.name === "default_transaction_read_only" ? "SET default_transaction_read_only = off;\n" : "";
  return first + change(setting, rule, connection);
}

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
      return `Take ${name} out of DATABASE_URL (or PGOPTIONS).`;
    default:
      return `ALTER SYSTEM ${assignment} SELECT pg_reload_conf();`;
  }
}
