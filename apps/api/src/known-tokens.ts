import { timingSafeEqual } from "node:crypto";
import { type ApiToken, type Caller, digestOf, findToken } from "@bulk/store/api-tokens";
import type { Database } from "@bulk/store/database";
import { LRUCache } from "lru-cache";

/** How long a revoked token may go on. */
const KNOWN_FOR_MS = 2_000;

/** What the API knows of tokens without asking. */
export type KnownTokens = {
  /** The holder of a secret, or `undefined` when the token is unknown, revoked or expired by `now`. */
  findCaller(database: Database, secret: string, now: Date): Promise<Caller | undefined>;
  /** For when the database is lost: what it may say of tokens by now is anybody's guess. */
  forget(): void;
};

/**
 * Looks tokens up and knows the latest thousand for two seconds, so that a busy caller's requests cost no
 * query. What is not valid is never remembered: a new token works at once, and nobody can fill the memory
 * with guesses.
 */
export function rememberTokens(): KnownTokens {
  const known = new LRUCache<string, ApiToken>({ max: 1_000, ttl: KNOWN_FOR_MS });
  return {
    async findCaller(database, secret, now) {
      const digest = digestOf(secret);
      const name = Buffer.from(digest).toString("latin1");
      const remembered = known.get(name);
      const token = remembered ?? (await findToken(database, digest));
      if (token === undefined || !isValid(token, digest, now)) return undefined;
      // Only when it comes from the database: a token that is always busy would be known for ever.
      if (remembered === undefined) known.set(name, token);
      return token.caller;
    },
    forget: () => known.clear(),
  };
}

// How long an index takes to find a digest may say how much of it was right. That tells nothing of the secret, but
// the last word has a comparison that always takes equally long.
function isValid({ digest, expiresAt }: ApiToken, shown: Uint8Array, now: Date): boolean {
  return timingSafeEqual(digest, shown) && (expiresAt === null || expiresAt > now);
}
