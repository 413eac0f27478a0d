import { openRedisProbe, type RedisProbe } from "@bulk/queue/redis-probe";
import { describeError } from "./describe-error.ts";
import { fault } from "./finding.ts";
import type { Opened } from "./opened.ts";

/** Connects to Redis. */
export async function openRedis(redisUrl: string): Promise<Opened<RedisProbe>> {
  try {
    return { thing: await openRedisProbe(redisUrl), observations: [] };
  } catch (error) {
    const reason = describeError(error);
    const cure = /^(NOAUTH|WRONGPASS|NOPERM)/.test(reason)
      ? "Correct user and password in REDIS_URL."
      : "Start Redis, or correct host and port in REDIS_URL. Until then the API goes on accepting bulk actions.";
    return { thing: undefined, observations: [fault(`Redis cannot be reached: ${reason}`, cure)] };
  }
}
