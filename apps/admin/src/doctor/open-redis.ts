import type { RedisEngine } from "@bulk/queue/connection";
import { openRedisProbe, type RedisProbe } from "@bulk/queue/redis-probe";
import { describeError } from "./describe-error.ts";
import { fault } from "./finding.ts";
import type { Opened } from "./opened.ts";

/** Connects to Redis. */
export async function openRedis(engine: RedisEngine): Promise<Opened<RedisProbe>> {
  try {
    return { thing: await openRedisProbe(engine), observations: [] };
  } catch (error) {
    const reason = describeError(error);
    const cure = /^(NOAUTH|WRONGPASS|NOPERM)/.test(reason)
      ? "Correct user and password in REDIS_URL or REDIS_CLUSTER."
      : "Start Redis, or correct host and port in REDIS_URL, REDIS_SENTINELS or REDIS_CLUSTER. Until then the API goes on accepting bulk actions.";
    return { thing: undefined, observations: [fault(`Redis cannot be reached: ${reason}`, cure)] };
  }
}
