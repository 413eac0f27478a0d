import { RequestError } from "@bulk/domain/request-error";
import { type EngineVariables, queueEngine } from "@bulk/queue/engine";
import { openRateLimiter, type RateLimiter } from "@bulk/queue/rate-limiter";
import type { Logger } from "@bulk/service/logger";
import { sparingly } from "@bulk/service/sparingly";
import type { Caller } from "@bulk/store/api-tokens";
import type { Database } from "@bulk/store/database";
import type { ApiConfig } from "./config.ts";
import type { KnownTokens } from "./known-tokens.ts";
import { collectTokenUses, type TokenUses } from "./token-uses.ts";
import { countWrongTokens } from "./wrong-tokens.ts";

/** What decides who may come in, and how often; made once for all requests. */
export type Gate = {
  /**
   * The holder of a secret, or `undefined` when the token is not valid. Throws `limited` instead when too many that
   * were not valid have come from the address.
   */
  findCaller(secret: string, now: Date, address: string | undefined): Promise<Caller | undefined>;
  readonly uses: TokenUses;
  /** `undefined`: as often as they like. */
  readonly limiter: RateLimiter | undefined;
  close(): Promise<void>;
};

/** How much of `last_used_at` a killed process may lose. */
const WRITE_USES_EVERY_MS = 10_000;

export function openGate(
  config: EngineVariables & Pick<ApiConfig, "RATE_LIMIT">,
  database: Database,
  tokens: KnownTokens,
  logger: Logger,
): Gate {
  function report(trouble: string) {
    return sparingly((error, suppressed) => logger.warn({ error, suppressed }, trouble), 10_000);
  }
  const uses = collectTokenUses(database, WRITE_USES_EVERY_MS, report("last uses of tokens not written"));
  const limiter =
    config.RATE_LIMIT === "off"
      ? undefined
      : openRateLimiter({
          engine: queueEngine(config),
          limit: config.RATE_LIMIT,
          onError: report("rate limiter trouble; this process counts alone"),
        });
  const wrongTokens = countWrongTokens();
  return {
    async findCaller(secret, now, address) {
      const asker = wrongTokens.isGuessing(address) ? "guessing" : "trusted";
      const caller = await tokens.findCaller(secret, now, asker);
      const limitedSeconds = caller === undefined ? wrongTokens.count(address) : undefined;
      if (limitedSeconds !== undefined) throw tooManyWrong(limitedSeconds);
      return caller;
    },
    uses,
    limiter,
    async close() {
      await uses.stop();
      limiter?.close();
    },
  };
}

function tooManyWrong(seconds: number): RequestError {
  const message = `Too many invalid API tokens have come from this address. Try again in ${seconds} s.`;
  return new RequestError("limited", "token.too_many_invalid", message, [], seconds);
}
