import type { QueueEngine, RedisEngine } from "./connection.ts";

/** The variables that say where the engines are, as the configuration of every process has them. */
export type EngineVariables = {
  readonly DATABASE_URL: string;
  readonly REDIS_URL?: string | undefined;
  readonly REDIS_SENTINELS?: readonly string[] | undefined;
  readonly REDIS_CLUSTER?: readonly string[] | undefined;
};

/** Where the queue is. The variables must go together; the configuration has seen to that. */
export function queueEngine(variables: EngineVariables): QueueEngine {
  return { databaseUrl: variables.DATABASE_URL, redis: findRedis(variables) };
}

function findRedis({ REDIS_URL, REDIS_SENTINELS, REDIS_CLUSTER }: EngineVariables): RedisEngine | undefined {
  if (REDIS_CLUSTER !== undefined) return { kind: "cluster", nodes: REDIS_CLUSTER };
  if (REDIS_URL === undefined) return undefined;
  if (REDIS_SENTINELS === undefined) return { kind: "server", url: REDIS_URL };
  return { kind: "sentinel", url: REDIS_URL, sentinels: REDIS_SENTINELS };
}
