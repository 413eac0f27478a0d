import { countInWindow, type WindowCount } from "@bulk/service/limits/count-in-window";
import { type RateLimiterAbstract, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { connectRedis, type QueueEngine } from "./engines/connection.ts";

/** A number of requests in a number of seconds, from the first request on. */
export type RateLimit = { readonly requests: number; readonly seconds: number };

export type RateLimiter = {
  readonly limit: RateLimit;
  /** Counts one request of this caller. Resolves within 100 ms, whatever the state of the engine. */
  count(caller: string): Promise<WindowCount>;
  close(): void;
};

export type RateLimiterOptions = {
  readonly engine: QueueEngine;
  readonly limit: RateLimit;
  readonly onError: (error: unknown) => void;
};

/**
 * Opens a limiter that counts on Redis, for all processes together. Without Redis, or while it is down or too slow, each
 * process counts for itself: a caller then has the limit once per process.
 */
export function openRateLimiter({ engine, limit, onError }: RateLimiterOptions): RateLimiter {
  const memory = countInWindow({ most: limit.requests, seconds: limit.seconds });
  if (engine.redis === undefined) {
    return { limit, count: async (caller) => memory.count(caller), close() {} };
  }
  const redis = connectRedis(engine.redis, "limiter", onError);
  const shared = new RateLimiterRedis({
    points: limit.requests,
    duration: limit.seconds,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    keyPrefix: "bulk-rate",
    // A caller over the limit costs no round trip until the time is up.
    inMemoryBlockOnConsumed: limit.requests,
  });
  return {
    limit,
    count: (caller) =>
      countShared(shared, caller).catch((error: unknown) => {
        onError(error);
        return memory.count(caller);
      }),
    close: () => redis.disconnect(),
  };
}

// The library rejects with its result if the limit is exceeded.
async function countShared(limiter: RateLimiterAbstract, caller: string): Promise<WindowCount> {
  try {
    return describe(await limiter.consume(caller), false);
  } catch (reason) {
    if (reason instanceof RateLimiterRes) return describe(reason, true);
    throw reason;
  }
}

function describe({ remainingPoints, msBeforeNext }: RateLimiterRes, isExceeded: boolean): WindowCount {
  return { isExceeded, remaining: remainingPoints, resetMs: msBeforeNext };
}
