import { readSettings, type Setting } from "@bulk/store/inspection/server-facts";
import type { MigrationConnection } from "@bulk/store/migration/migration-connection";
import { fault, type Observation, ok, warning } from "./finding.ts";

/** Settings of server, database or user that keep chunks from being written, or make a promise empty. */
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

// What every session of ours pins is not among them (decision 026).
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
    harm: "no foreign key keeps a product on an order line from being deleted",
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
