import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from "rate-limiter-flexible";
import { connectRedis, type QueueEngine } from "./connection.ts";

/** So many requests in so many seconds, from the first one on. */
export type RateLimit = { readonly requests: number; readonly seconds: number };

/** Where a caller stands after the request that was counted. */
export type Standing = {
  /** Whether this request was one too many. */
  readonly isExceeded: boolean;
  readonly remaining: number;
  /** How long until all requests are free again. */
  readonly resetMs: number;
};

export type RateLimiter = {
  readonly limit: RateLimit;
  /** Counts one request of this caller. Answers within 100 ms, whatever becomes of the engine. */
  count(caller: string): Promise<Standing>;
  close(): void;
};

export type RateLimiterOptions = {
  readonly engine: QueueEngine;
  readonly limit: RateLimit;
  readonly onError: (error: unknown) => void;
};

/**
 * Counts on Redis, for all processes together. Without one, or while it is away or too slow, each process counts
 * for itself: a caller then has the limit once with every process.
 */
export function openRateLimiter({ engine, limit, onError }: RateLimiterOptions): RateLimiter {
  const options = { points: limit.requests, duration: limit.seconds };
  const memory = new RateLimiterMemory(options);
  if (engine.redis === undefined) {
    return { limit, count: (caller) => countIn(memory, caller), close() {} };
  }
  const redis = connectRedis(engine.redis, "limiter", onError);
  const shared = new RateLimiterRedis({
    ...options,
    ...{ storeClient: redis, rejectIfRedisNotReady: true, keyPrefix: "bulk-rate" },
    // Who is over the limit costs no round trip until the time is up.
    inMemoryBlockOnConsumed: limit.requests,
  });
  return {
    limit,
    count: (caller) =>
      countIn(shared, caller).catch((error: unknown) => {
        onError(error);
        return countIn(memory, caller);
      }),
    close: () => redis.disconnect(),
  };
}

// The library throws its answer when it is no.
async function countIn(limiter: RateLimiterAbstract, caller: string): Promise<Standing> {
  try {
    return standing(await limiter.consume(caller), false);
  } catch (reason) {
    if (reason instanceof RateLimiterRes) return standing(reason, true);
    throw reason;
  }
}

function standing({ remainingPoints, msBeforeNext }: RateLimiterRes, isExceeded: boolean): Standing {
  return { isExceeded, remaining: remainingPoints, resetMs: msBeforeNext };
}
