import { countApiConnections } from "@bulk/api/config";
import { counted } from "@bulk/domain/counted";
import { type MigrationConnection, withMigrationConnection } from "@bulk/migration/migration-connection";
import { WEBHOOK_QUEUE } from "@bulk/queue/engines/connection";
import { probePooler } from "@bulk/store/inspection/probe-pooler";
import { readConnectionLimits } from "@bulk/store/inspection/server-facts";
import { findUnpinnedSettings, type UnpinnedSetting } from "@bulk/store/inspection/unpinned-settings";
import { countWorkerConnections } from "@bulk/worker/config";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the database has enough connections for one API and one worker, as they are configured. */
export async function checkConnections(
  connection: MigrationConnection,
  { configuration, wantsRedis }: Subject,
): Promise<readonly Observation[]> {
  // BullMQ names the connection on which a worker listens after its queue.
  const limits = await readConnectionLimits(connection, [WEBHOOK_QUEUE]);
  const api = countApiConnections(configuration.api, !wantsRedis);
  const worker = countWorkerConnections(configuration.worker, !wantsRedis);
  return limits.map(({ of, limit, others }) => {
    const workers = Math.max(Math.floor((limit - others - api) / worker), 0);
    const found =
      `${limit} connections are allowed ${PLACES[of]} and other programs have ${others}; an API uses up to ${api}, ` +
      `each worker ${worker}: enough for one API and ${counted(workers, "worker")}.`;
    if (api + worker > limit) return fault(found, CURE);
    return api + worker > limit - others ? warning(found, CURE) : ok(found);
  });
}

const PLACES = { server: "on the server", database: "to this database", user: "for this user" };

const CURE =
  "Raise max_connections (or the CONNECTION LIMIT of role or database), or lower API_POOL_SIZE and " +
  "WORKER_CONCURRENCY.";

/** Whether there is a pooler between the services and PostgreSQL that assigns sessions by transaction. */
export async function checkPooler(
  connection: MigrationConnection,
  { databaseUrl, wantsRedis }: Subject,
): Promise<readonly Observation[]> {
  const finding = await withMigrationConnection(databaseUrl, (busy) => probePooler(connection, busy));
  switch (finding.kind) {
    case "direct":
      return [ok("Connections go directly to PostgreSQL.")];
    case "session_pooler":
      return [ok("There is a session pooler: each connection keeps its session.")];
    case "transaction_pooler":
      return [
        finding.keepsPreparedStatements ? describeSlowness(wantsRedis) : describeFailures(),
        ...(await findLostSettings(connection)),
      ];
  }
}

async function findLostSettings(connection: MigrationConnection): Promise<readonly Observation[]> {
  const lost = await findUnpinnedSettings(connection);
  if (lost.length === 0) return [];
  const role = connection.escapeIdentifier(connection.user ?? "");
  const settings = lost.map(({ name, value }) => `${name} (${value})`).join(", ");
  return [
    fault(
      `A transaction pooler drops the settings of a session, and the role's own differ from those the services need: ${settings}.`,
      `${lost.map((setting) => describeCure(role, setting)).join("\n")}\nThen make the pooler reconnect (PgBouncer: RECONNECT).`,
    ),
  ];
}

function describeCure(role: string, { name, wanted }: UnpinnedSetting): string {
  return `ALTER ROLE ${role} SET ${name} = '${wanted}';`;
}

function describeFailures(): Observation {
  return fault(
    "There is a transaction pooler that loses prepared statements: statements will fail.",
    "PgBouncer 1.21 or newer: set max_prepared_statements = 200. Otherwise set DATABASE_URL to a direct connection or " +
      "a session pooler.",
  );
}

function describeSlowness(wantsRedis: boolean): Observation {
  const found =
    "There is a transaction pooler: callers that wait for the end of a bulk action get it up to two seconds late";
  return !wantsRedis
    ? warning(
        `${found}, and the queue in the database notices turns only when it polls.`,
        "Set REDIS_URL, or set DATABASE_URL to a direct connection; pnpm migrate needs one in any case.",
      )
    : warning(`${found}.`, "Nothing, if that is fast enough; pnpm migrate needs a direct connection.");
}
