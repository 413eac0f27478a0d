import { RequestError } from "@bulk/domain/errors/request-error";
import { type EngineVariables, queueEngine } from "@bulk/queue/engines/engine";
import { openRateLimiter, type RateLimiter } from "@bulk/queue/rate-limiter";
import type { Logger } from "@bulk/service/process/logger";
import { reportAtMostEvery } from "@bulk/service/timing/report-at-most-every";
import type { Caller } from "@bulk/store/accounts/api-tokens";
import type { Database } from "@bulk/store/database";
import type { ApiConfig } from "../config.ts";
import { createMemoryBudget, defaultBudgetBytes, type MemoryBudget } from "../http/memory/memory-budget.ts";
import { MEMORY_PER_RECORD } from "../http/memory/memory-costs.ts";
import type { ApiTimeouts } from "../http/server/api-server.ts";
import type { KnownTokens } from "./known-tokens.ts";
import { collectTokenUses, type TokenUses } from "./token-uses.ts";
import { countWrongTokens } from "./wrong-tokens.ts";

/** Authenticates callers and limits them; made once for all requests. */
export type Gate = {
  /**
   * Finds the holder of a secret; `undefined` if the token is not valid. Throws `limited` instead if too many invalid
   * tokens have come from the address.
   */
  findCaller(secret: string, now: Date, address: string | undefined): Promise<Caller | undefined>;
  readonly uses: TokenUses;
  /** `undefined`: no limit. */
  readonly limiter: RateLimiter | undefined;
  readonly budget: MemoryBudget;
  close(): Promise<void>;
};

/** How often `last_used_at` is written. A killed process loses the uses since the last write. */
const WRITE_USES_EVERY_MS = 10_000;

type GateConfig = Pick<ApiConfig, "RATE_LIMIT" | "MEMORY_IN_FLIGHT_MB" | "MAX_RECORD_IDS">;

export function openGate(
  config: EngineVariables & GateConfig,
  database: Database,
  tokens: KnownTokens,
  logger: Logger,
  { roomMs }: Pick<ApiTimeouts, "roomMs">,
): Gate {
  function report(trouble: string) {
    return reportAtMostEvery((error, suppressed) => logger.warn({ error, suppressed }, trouble), 10_000);
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
    budget: openBudget(config, logger, roomMs),
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

function openBudget(
  { MEMORY_IN_FLIGHT_MB, MAX_RECORD_IDS }: GateConfig,
  logger: Logger,
  roomMs: number,
): MemoryBudget {
  const bytes = MEMORY_IN_FLIGHT_MB === undefined ? defaultBudgetBytes() : MEMORY_IN_FLIGHT_MB * 1e6;
  const memoryInFlightMb = Math.floor(bytes / 1e6);
  const largestRequestMb = Math.ceil((MAX_RECORD_IDS * MEMORY_PER_RECORD) / 1e6);
  const sizes = { memoryInFlightMb, largestRequestMb };
  if (4 * largestRequestMb <= memoryInFlightMb) logger.info(sizes, "memory for requests");
  else
    logger.warn(
      sizes,
      "little memory: a bulk action of MAX_RECORD_IDS takes over a quarter of MEMORY_IN_FLIGHT_MB",
    );
  return createMemoryBudget({ bytes, patienceMs: roomMs, mostWaiting: MOST_WAITING });
}

/** How many requests of one account wait for memory at once. */
const MOST_WAITING = 100;
