import { readSchema } from "@bulk/postgres/connection-url";
import { probePooler } from "@bulk/store/inspection/probe-pooler";
import { findUnpinnedSettings, type UnpinnedSetting } from "@bulk/store/inspection/unpinned-settings";
import {
  type MigrationConnection,
  withMigrationConnection,
} from "@bulk/store/migration/migration-connection";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether something between the services and PostgreSQL hands sessions out by transaction. */
export async function checkPooler(
  connection: MigrationConnection,
  { databaseUrl, wantsRedis }: Subject,
): Promise<readonly Observation[]> {
  const finding = await withMigrationConnection(databaseUrl, (busy) => probePooler(connection, busy));
  switch (finding.kind) {
    case "direct":
      return [ok("Connections lead to PostgreSQL itself.")];
    case "session_pooler":
      return [ok("There is a pooler in between; each connection keeps its session.")];
    case "transaction_pooler":
      return [
        finding.keepsPreparedStatements ? describeSlowness(wantsRedis) : describeFailures(),
        ...(await findLostSettings(connection, databaseUrl)),
      ];
  }
}

async function findLostSettings(
  connection: MigrationConnection,
  databaseUrl: string,
): Promise<readonly Observation[]> {
  const lost = await findUnpinnedSettings(connection, readSchema(databaseUrl));
  if (lost.length === 0) return [];
  const role = connection.escapeIdentifier(connection.user ?? "");
  const settings = lost.map(({ name, value }) => `${name} (${value})`).join(", ");
  return [
    fault(
      `What a session sets is not kept by a transaction pooler, and the role has other settings than we need: ${settings}.`,
      `${lost.map((setting) => describeCure(role, setting)).join("\n")}\nThen let the pooler connect anew (PgBouncer: RECONNECT).`,
    ),
  ];
}

function describeCure(role: string, { name, value, wanted }: UnpinnedSetting): string {
  // As a list of names, which is what the setting's own spelling is.
  const assigned = name === "search_path" ? [wanted, value].filter(Boolean).join(", ") : `'${wanted}'`;
  return `ALTER ROLE ${role} SET ${name} = ${assigned};`;
}

function describeFailures(): Observation {
  return fault(
    "There is a transaction pooler in between, and prepared statements get lost in it: statements will fail.",
    "PgBouncer 1.21 or newer: set max_prepared_statements = 200. Otherwise give DATABASE_URL a direct connection, or " +
      "one that is pooled by session.",
  );
}

function describeSlowness(wantsRedis: boolean): Observation {
  const late = "callers that wait for the end of a bulk action are told up to two seconds late";
  return !wantsRedis
    ? warning(
        `There is a transaction pooler in between: ${late}, and the queue in the database only notices turns when it looks.`,
        "Set REDIS_URL, or give DATABASE_URL a direct connection; pnpm migrate needs one in any case.",
      )
    : warning(
        `There is a transaction pooler in between: ${late}.`,
        "Nothing, if that is good enough; pnpm migrate needs a direct connection.",
      );
}
