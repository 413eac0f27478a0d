import { joinEngines } from "@bulk/local/engines";
import { findStackEnvironment } from "@bulk/local/webhook-key";
import type { RedisEngine } from "@bulk/queue/connection";
import { queueEngine } from "@bulk/queue/engine";
import { redisVariables } from "@bulk/service/redis-config";
import { describeError } from "./describe-error.ts";
import { type Finding, fault, skipped } from "./finding.ts";
import { type Configuration, readConfiguration } from "./read-configuration.ts";

/** Where to look. */
export type Target = {
  readonly configuration: Configuration;
  /** `undefined`: nobody can tell where it is. */
  readonly databaseUrl: string | undefined;
  /** Whether the variables put the queue on Redis, usable or not. */
  readonly wantsRedis: boolean;
  /** `undefined`: there is none, or nobody can tell where it is. */
  readonly redisEngine: RedisEngine | undefined;
  readonly findings: readonly Finding[];
  close(): Promise<void>;
};

/** The engines that are configured, or the embedded server, which runs until `close` if it did not run before. */
export async function findTarget(environment: NodeJS.ProcessEnv): Promise<Target> {
  const configuration = readConfiguration(environment);
  const refused = new Set(configuration.faults.map(({ variable }) => variable));
  const target = {
    ...{ configuration, databaseUrl: undefined, async close() {} },
    wantsRedis: REDIS_VARIABLES.some((name) => Boolean(environment[name])),
    redisEngine: REDIS_VARIABLES.some((name) => refused.has(name))
      ? undefined
      : queueEngine({ ...configuration.local, DATABASE_URL: "" }).redis,
  };
  if (refused.has("DATABASE_URL")) {
    const findings = [{ check: "database", ...skipped("DATABASE_URL has to be corrected first.") }];
    return { ...target, findings };
  }
  try {
    const { databaseUrl, close } = await joinEngines(configuration.local);
    // Beside the embedded server the key for webhooks is kept in its directory.
    const variables = await findStackEnvironment(configuration.local, environment);
    return { ...target, configuration: readConfiguration(variables), databaseUrl, close, findings: [] };
  } catch (error) {
    const observation = fault(`The embedded PostgreSQL: ${describeError(error)}`, EMBEDDED_CURE);
    return { ...target, findings: [{ check: "database", ...observation }] };
  }
}

const REDIS_VARIABLES = Object.keys(redisVariables);

const EMBEDDED_CURE = "Do what it says, or set DATABASE_URL to a PostgreSQL of your own.";
