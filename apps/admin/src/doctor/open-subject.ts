import { readMigrationState } from "@bulk/store/migration/migration-state";
import { describeFailure } from "./describe-error.ts";
import type { Finding } from "./finding.ts";
import { inTime } from "./in-time.ts";
import { openConnection } from "./open-connection.ts";
import { openRedis } from "./open-redis.ts";
import { openSessions } from "./open-sessions.ts";
import type { Opened } from "./opened.ts";
import type { Subject } from "./subject.ts";
import { findTarget, type Target } from "./target.ts";

/** Opens all there is to look into, tells `use` what was seen on the way, and closes it whatever happens. */
export async function withSubject<Result>(
  environment: NodeJS.ProcessEnv,
  now: () => number,
  use: (subject: Subject, opening: readonly Finding[]) => Promise<Result>,
): Promise<Result> {
  const target = await findTarget(environment);
  try {
    const { subject, findings } = await openSubject(target, now);
    return await use(subject, [...target.findings, ...findings]).finally(() =>
      inTime(closeSubject(subject)).catch(() => undefined),
    );
  } finally {
    await target.close();
  }
}

async function openSubject(
  { configuration, databaseUrl, wantsRedis, redisEngine }: Target,
  now: () => number,
): Promise<{ readonly subject: Subject; readonly findings: readonly Finding[] }> {
  const connection = databaseUrl === undefined ? NOT_TRIED : await open(openConnection(databaseUrl));
  const sessions =
    databaseUrl === undefined || connection.thing === undefined
      ? NOT_TRIED
      : await open(openSessions(databaseUrl, configuration.worker));
  const redis = redisEngine === undefined ? NOT_TRIED : await open(openRedis(redisEngine));
  const subject = {
    ...{ configuration, databaseUrl: databaseUrl ?? "", wantsRedis, redisEngine, now },
    ...{ connection: connection.thing, database: sessions.thing, redis: redis.thing },
    isMigrated: await isMigrated(connection.thing),
  };
  const findings = [
    ...label("database", connection.observations),
    ...label("sessions", sessions.observations),
    ...label("redis", redis.observations),
  ];
  return { subject, findings };
}

async function open<Thing>(work: Promise<Opened<Thing>>): Promise<Opened<Thing>> {
  return await inTime(work).catch((error: unknown) => ({
    thing: undefined,
    observations: [describeFailure(error)],
  }));
}

const NOT_TRIED = { thing: undefined, observations: [] };

function label(check: string, observations: Opened<unknown>["observations"]): readonly Finding[] {
  return observations.map((observation) => ({ check, ...observation }));
}

// Where it cannot be told, the checks are tried and say themselves what they miss.
async function isMigrated(connection: Subject["connection"]): Promise<boolean> {
  if (connection === undefined) return false;
  return await inTime(readMigrationState(connection)).then(
    ({ pending }) => pending.length === 0,
    () => true,
  );
}

async function closeSubject({ connection, database, redis }: Subject): Promise<void> {
  redis?.close();
  await database?.$disconnect();
  await connection?.end();
}
