import { type MigrationConnection, openMigrationConnection } from "@bulk/migration/migration-connection";
import { MigrationError } from "@bulk/migration/migration-error";
import type { RedisEngine } from "@bulk/queue/engines/connection";
import { openRedisProbe, type RedisProbe } from "@bulk/queue/engines/redis-probe";
import { type Database, openDatabase } from "@bulk/store/database";
import { readServerFacts, type ServerFacts } from "@bulk/store/inspection/server-facts";
import { readSessionTimeouts } from "@bulk/store/inspection/session-timeouts";
import { readUser } from "@bulk/store/inspection/table-rights";
import type { WorkerConfig } from "@bulk/worker/config";
import { describeError, fault, type Observation, ok, warning } from "./finding.ts";

/** An engine, unless it could not be opened, and what was found on the way. */
export type Opened<Engine> = {
  readonly engine: Engine | undefined;
  readonly observations: readonly Observation[];
};

/** Connects to PostgreSQL without time-outs, and checks its version and role. */
export async function openConnection(databaseUrl: string): Promise<Opened<MigrationConnection>> {
  try {
    const connection = await openMigrationConnection(databaseUrl);
    return { engine: connection, observations: [judgeServer(await readServerFacts(connection))] };
  } catch (error) {
    if (!(error instanceof MigrationError) || error.diagnosis === undefined) throw error;
    return { engine: undefined, observations: [fault(error.diagnosis.found, error.diagnosis.cure)] };
  }
}

/** BullMQ refuses older versions, and they cannot generate ids. */
const LEAST_VERSION = 13;

/** The oldest version that the tests run on. */
const LEAST_TESTED_VERSION = 15;

function judgeServer({ version, majorVersion, isStandby }: ServerFacts): Observation {
  if (isStandby) {
    const found = `PostgreSQL ${version} responds, but is a standby: it takes no writes.`;
    return fault(found, "Set DATABASE_URL to its primary.");
  }
  if (majorVersion < LEAST_VERSION) {
    return fault(`PostgreSQL ${version} is older than ${LEAST_VERSION}.`, "Upgrade PostgreSQL.");
  }
  if (majorVersion < LEAST_TESTED_VERSION) {
    const found = `PostgreSQL ${version} responds, but is older than ${LEAST_TESTED_VERSION}, the oldest tested version.`;
    return warning(found, "Upgrade PostgreSQL.");
  }
  return ok(`PostgreSQL ${version} responds.`);
}

/** Connects as a worker does, and checks that its sessions have the time-outs it asks for. */
export async function openSessions(databaseUrl: string, config: WorkerConfig): Promise<Opened<Database>> {
  const database = openDatabase({
    url: databaseUrl,
    applicationName: "bulk-actions-admin",
    poolSize: 2,
    lockTimeoutMs: config.LOCK_TIMEOUT_MS,
    statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
  });
  try {
    return { engine: database, observations: [await judgeTimeouts(database, config)] };
  } catch (error) {
    await database.$disconnect();
    return { engine: undefined, observations: [describeSessionRefusal(error)] };
  }
}

async function judgeTimeouts(
  database: Database,
  { LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS }: WorkerConfig,
): Promise<Observation> {
  const { lockTimeoutMs, statementTimeoutMs } = await readSessionTimeouts(database);
  if (lockTimeoutMs === LOCK_TIMEOUT_MS && statementTimeoutMs === STATEMENT_TIMEOUT_MS) {
    return ok("Workers get the time-outs they ask for.");
  }
  const { name } = await readUser(database);
  return fault(
    "Workers do not get the time-outs they ask for: a pooler drops them, and chunks may wait without end.",
    `ALTER ROLE ${name} SET lock_timeout = ${LOCK_TIMEOUT_MS};\n` +
      `ALTER ROLE ${name} SET statement_timeout = ${STATEMENT_TIMEOUT_MS};\n` +
      `ALTER ROLE ${name} SET idle_in_transaction_session_timeout = ${STATEMENT_TIMEOUT_MS};`,
  );
}

function describeSessionRefusal(error: unknown): Observation {
  const reason = describeError(error);
  // PgBouncer's message.
  const isAboutTimeouts = /unsupported startup parameter/.test(reason);
  return fault(
    `Workers cannot connect: ${reason}`,
    isAboutTimeouts
      ? "pgbouncer.ini: ignore_startup_parameters = lock_timeout, statement_timeout, idle_in_transaction_session_timeout"
      : "Fix what the message says.",
  );
}

/** Connects to Redis. */
export async function openRedis(engine: RedisEngine): Promise<Opened<RedisProbe>> {
  try {
    return { engine: await openRedisProbe(engine), observations: [] };
  } catch (error) {
    const reason = describeError(error);
    const cure = /^(NOAUTH|WRONGPASS|NOPERM)/.test(reason)
      ? "Correct user and password in REDIS_URL or REDIS_CLUSTER."
      : "Start Redis, or correct host and port in REDIS_URL, REDIS_SENTINELS or REDIS_CLUSTER. The API accepts bulk actions in the meantime.";
    return { engine: undefined, observations: [fault(`Redis cannot be reached: ${reason}`, cure)] };
  }
}
