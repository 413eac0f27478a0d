import { timingSafeEqual } from "node:crypto";
import { type ApiToken, type Caller, digestOf, findTokens } from "@bulk/store/api-tokens";
import type { Database } from "@bulk/store/database";
import { LRUCache } from "lru-cache";
import { loadTogether } from "./load-together.ts";

/** How long a revoked token may go on. */
const KNOWN_FOR_MS = 2_000;
/** How long a token that was valid is looked up before those that may be guesses. */
const PROVEN_FOR_MS = 3_600_000;
/** How long the look-ups of an address that guesses are gathered. */
const REST_MS = 200;

/** Who asks: `guessing` after too many wrong tokens. */
export type Asker = "trusted" | "guessing";

/** What the API knows of tokens without asking. */
export type KnownTokens = {
  /** The holder of a secret, or `undefined` when the token is unknown, revoked or expired by `now`. */
  findCaller(secret: string, now: Date, asker: Asker): Promise<Caller | undefined>;
  /** For when the database is lost: what it may say of tokens by now is anybody's guess. */
  forget(): void;
};

/**
 * Looks tokens up and knows the latest thousand for two seconds, so that a busy caller's requests cost no query.
 * Look-ups go together, and those of who guesses apart from all others, five times a second: guesses cost the database
 * next to nothing, and a valid token that comes from among them is still found. What is not valid is remembered
 * against who guesses only: for all others a new token works at once, even if it was tried before.
 */
export function rememberTokens(database: Database): KnownTokens {
  const known = new LRUCache<string, ApiToken>({ max: 1_000, ttl: KNOWN_FOR_MS });
  const invalid = new LRUCache<string, true>({ max: 10_000, ttl: KNOWN_FOR_MS });
  const proven = new LRUCache<string, true>({ max: 10_000, ttl: PROVEN_FOR_MS });
  const load = (digests: readonly string[]) => findTokens(database, digests);
  const lookUp = {
    trusted: loadTogether({ most: 1_000, restMs: 0 }, load),
    guessing: loadTogether({ most: 1_000, mostWaiting: 1_000, restMs: REST_MS }, load),
  };
  async function findStored(name: string, asker: Asker): Promise<ApiToken | undefined> {
    const found = await lookUp[proven.has(name) ? "trusted" : asker](name);
    if (found === "crowded") return undefined;
    // Only when it comes from the database: a token that is always busy would be known for ever.
    if (found === undefined) invalid.set(name, true);
    else known.set(name, found);
    return found;
  }
  return {
    async findCaller(secret, now, asker) {
      const digest = digestOf(secret);
      const name = Buffer.from(digest).toString("hex");
      if (asker === "guessing" && invalid.has(name)) return undefined;
      const token = known.get(name) ?? (await findStored(name, asker));
      if (token === undefined || !isValid(token, digest, now)) return undefined;
      proven.set(name, true);
      return token.caller;
    },
    forget() {
      known.clear();
      invalid.clear();
    },
  };
}

// How long an index takes to find a digest may say how much of it was right. That tells nothing of the secret, but
// the last word has a comparison that always takes equally long.
function isValid({ digest, expiresAt }: ApiToken, shown: Uint8Array, now: Date): boolean {
  return timingSafeEqual(digest, shown) && (expiresAt === null || expiresAt > now);
}
