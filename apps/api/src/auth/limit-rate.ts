import { counted } from "@bulk/domain/counted";
import { RequestError } from "@bulk/domain/errors/request-error";
import type { RateLimiter } from "@bulk/queue/rate-limiter";
import type { Response } from "express";

/**
 * Counts a request of a token and sets the `RateLimit` headers
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/). Throws `limited` if the limit is exceeded.
 */
export async function limitRate(limiter: RateLimiter, tokenId: string, response: Response): Promise<void> {
  const { requests, seconds } = limiter.limit;
  const { isExceeded, remaining, resetMs } = await limiter.count(tokenId);
  const resetSeconds = Math.max(1, Math.ceil(resetMs / 1_000));
  response.set({
    "RateLimit-Policy": `"default";q=${requests};w=${seconds}`,
    RateLimit: `"default";r=${remaining};t=${resetSeconds}`,
  });
  if (!isExceeded) return;
  const message = `This token may make ${counted(requests, "request")} in ${seconds} s. Try again in ${resetSeconds} s.`;
  throw new RequestError("limited", "rate_limit.exceeded", message, [], resetSeconds);
}
