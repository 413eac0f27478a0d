import { joinEngines } from "@bulk/local/stack/engines";
import { findStackEnvironment } from "@bulk/local/stack/webhook-key";
import type { MigrationConnection } from "@bulk/migration/migration-connection";
import { readMigrationState } from "@bulk/migration/migration-state";
import type { RedisEngine } from "@bulk/queue/engines/connection";
import { queueEngine } from "@bulk/queue/engines/engine";
import type { RedisProbe } from "@bulk/queue/engines/redis-probe";
import { redisVariables } from "@bulk/service/config/redis-config";
import { within, withinOr } from "@bulk/service/timing/deadline";
import type { Database } from "@bulk/store/database";
import { type Configuration, readConfiguration } from "./configuration.ts";
import { describeError, describeFailure, type Finding, fault, skipped } from "./finding.ts";
import { type Opened, openConnection, openRedis, openSessions } from "./open-engines.ts";

/** How long one check may take. */
export const CHECK_LIMIT_MS = 5_000;

/** What the checks examine. Engines that could not be opened are `undefined`. */
export type Subject = Pick<Target, "configuration" | "wantsRedis" | "redisEngine"> & {
  readonly databaseUrl: string;
  /** A session without time-outs of its own, as `pnpm migrate` has it. */
  readonly connection: MigrationConnection | undefined;
  /** Sessions as a worker has them. */
  readonly database: Database | undefined;
  /** Whether every migration of this version has been applied. */
  readonly isMigrated: boolean;
  readonly redis: RedisProbe | undefined;
  /** This machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
};

/** Opens the engines, passes them to `use` with the findings of opening them, and closes them in any case. */
export async function withSubject<Result>(
  environment: NodeJS.ProcessEnv,
  now: () => number,
  use: (subject: Subject, opening: readonly Finding[]) => Promise<Result>,
): Promise<Result> {
  const target = await findTarget(environment);
  try {
    const { subject, findings } = await openSubject(target, now);
    return await use(subject, [...target.findings, ...findings]).finally(() =>
      withinOr(CHECK_LIMIT_MS, closeSubject(subject), undefined),
    );
  } finally {
    await target.close();
  }
}

type Target = {
  readonly configuration: Configuration;
  /** `undefined`: unknown, because its variable is refused or the embedded server does not start. */
  readonly databaseUrl: string | undefined;
  /** Whether the variables put the queue on Redis, valid or not. */
  readonly wantsRedis: boolean;
  /** `undefined`: the queue is in the database, or the variables are refused. */
  readonly redisEngine: RedisEngine | undefined;
  readonly findings: readonly Finding[];
  close(): Promise<void>;
};

// The configured engines, or the embedded server, which is started until `close` unless it runs already.
async function findTarget(environment: NodeJS.ProcessEnv): Promise<Target> {
  const configuration = readConfiguration(environment);
  const refused = new Set(configuration.faults.map(({ variable }) => variable));
  const engine = queueEngine({ ...configuration.local, DATABASE_URL: "" }).redis;
  const target = {
    configuration,
    databaseUrl: undefined,
    wantsRedis: REDIS_VARIABLES.some((name) => Boolean(environment[name])),
    redisEngine: REDIS_VARIABLES.some((name) => refused.has(name)) ? undefined : engine,
    async close() {},
  };
  if (refused.has("DATABASE_URL")) {
    const findings = [{ check: "database", ...skipped("Correct DATABASE_URL first.") }];
    return { ...target, findings };
  }
  try {
    const { databaseUrl, close } = await joinEngines(configuration.local);
    // The embedded server's directory also holds the key for webhooks.
    const variables = await findStackEnvironment(configuration.local, environment);
    return { ...target, configuration: readConfiguration(variables), databaseUrl, close, findings: [] };
  } catch (error) {
    const observation = fault(
      `The embedded PostgreSQL does not start: ${describeError(error)}`,
      EMBEDDED_CURE,
    );
    return { ...target, findings: [{ check: "database", ...observation }] };
  }
}

const REDIS_VARIABLES = Object.keys(redisVariables);

const EMBEDDED_CURE = "Do what the message says, or set DATABASE_URL to a PostgreSQL of your own.";

async function openSubject(
  { configuration, databaseUrl, wantsRedis, redisEngine }: Target,
  now: () => number,
): Promise<{ readonly subject: Subject; readonly findings: readonly Finding[] }> {
  const connection = await open(databaseUrl, openConnection);
  const reachableUrl = connection.engine && databaseUrl;
  const sessions = await open(reachableUrl, (url) => openSessions(url, configuration.worker));
  const redis = await open(redisEngine, openRedis);
  const subject = {
    configuration,
    databaseUrl: databaseUrl ?? "",
    wantsRedis,
    redisEngine,
    connection: connection.engine,
    database: sessions.engine,
    redis: redis.engine,
    isMigrated: await isMigrated(connection.engine),
    now,
  };
  const findings = Object.entries({ database: connection, sessions, redis }).flatMap(
    ([check, { observations }]) => observations.map((observation) => ({ check, ...observation })),
  );
  return { subject, findings };
}

async function open<Where, Engine>(
  where: Where | undefined,
  openEngine: (where: Where) => Promise<Opened<Engine>>,
): Promise<Opened<Engine>> {
  if (where === undefined) return { engine: undefined, observations: [] };
  return await within(CHECK_LIMIT_MS, openEngine(where)).catch((error: unknown) => ({
    engine: undefined,
    observations: [describeFailure(error)],
  }));
}

// If this is unknown, the checks run and report themselves what is missing.
async function isMigrated(connection: Subject["connection"]): Promise<boolean> {
  if (connection === undefined) return false;
  const state = await withinOr(CHECK_LIMIT_MS, readMigrationState(connection), undefined);
  return state === undefined || state.pending.length === 0;
}

async function closeSubject({ connection, database, redis }: Subject): Promise<void> {
  redis?.close();
  await database?.$disconnect();
  await connection?.end();
}
