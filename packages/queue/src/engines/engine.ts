import type { QueueEngine, RedisEngine } from "./connection.ts";

/** The variables that locate database and queue, as in the configuration of every process. */
export type EngineVariables = {
  readonly DATABASE_URL: string;
  readonly REDIS_URL?: string | undefined;
  readonly REDIS_SENTINELS?: readonly string[] | undefined;
  readonly REDIS_CLUSTER?: readonly string[] | undefined;
};

/** Returns where the queue is. The configuration has already checked that the variables fit together. */
export function queueEngine(variables: EngineVariables): QueueEngine {
  return { databaseUrl: variables.DATABASE_URL, redis: findRedis(variables) };
}

function findRedis({ REDIS_URL, REDIS_SENTINELS, REDIS_CLUSTER }: EngineVariables): RedisEngine | undefined {
  if (REDIS_CLUSTER !== undefined) return { kind: "cluster", nodes: REDIS_CLUSTER };
  if (REDIS_URL === undefined) return undefined;
  if (REDIS_SENTINELS === undefined) return { kind: "server", url: REDIS_URL };
  return { kind: "sentinel", url: REDIS_URL, sentinels: REDIS_SENTINELS };
}
