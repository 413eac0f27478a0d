import { timingSafeEqual } from "node:crypto";
import { coalesce } from "@bulk/service/timing/coalesce";
import { type ApiToken, type Caller, digestOf, findTokens } from "@bulk/store/accounts/api-tokens";
import type { Database } from "@bulk/store/database";
import { LRUCache } from "lru-cache";

/** How long a revoked token may still be accepted. */
const KNOWN_FOR_MS = 2_000;
/** How long a token that was valid is looked up apart from guesses. */
const PROVEN_FOR_MS = 3_600_000;
/** How long the look-ups of guessing addresses are gathered. */
const REST_MS = 200;

/** The kind of address a token comes from: `guessing` after too many wrong tokens. */
export type Asker = "trusted" | "guessing";

/** The tokens that the API has looked up. */
export type KnownTokens = {
  /** Finds the holder of a secret; `undefined` if the token is unknown, revoked, or expired at `now`. */
  findCaller(secret: string, now: Date, asker: Asker): Promise<Caller | undefined>;
  /** Drops what was looked up. Call it when the database is lost: its tokens may have changed since. */
  forget(): void;
};

/**
 * Looks tokens up, and keeps the latest thousand for two seconds, so that a busy caller's requests cost no query.
 * Look-ups are coalesced. Those of guessing addresses are kept apart and run five times a second: guesses cost the
 * database next to nothing, and a valid token among them is still found. An invalid token is remembered against
 * guessing addresses only: everywhere else a new token works at once, even if it was tried before.
 */
export function rememberTokens(database: Database): KnownTokens {
  const known = new LRUCache<string, ApiToken>({ max: 1_000, ttl: KNOWN_FOR_MS });
  const invalid = new LRUCache<string, true>({ max: 10_000, ttl: KNOWN_FOR_MS });
  const proven = new LRUCache<string, true>({ max: 10_000, ttl: PROVEN_FOR_MS });
  const lookUp = {
    trusted: coalesceLookups(database, 0, Number.POSITIVE_INFINITY),
    guessing: coalesceLookups(database, REST_MS, 1_000),
  };
  async function findStored(name: string, asker: Asker): Promise<ApiToken | undefined> {
    const found = await lookUp[proven.has(name) ? "trusted" : asker](name);
    if (found === "crowded") return undefined;
    // Set by a look-up only: a token that is always busy would otherwise never be looked up again.
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

function coalesceLookups(database: Database, restMs: number, waiting: number) {
  return coalesce({
    keyOf: (digest: string) => digest,
    load: (digests) => findTokens(database, digests),
    most: 1_000,
    failing: "everybody",
    restMs,
    limit: { waiting, crowded: "crowded" as const },
  });
}

// The time of an index look-up may show how much of a digest was right. That reveals nothing about the secret; still,
// the last comparison takes constant time.
function isValid({ digest, expiresAt }: ApiToken, shown: Uint8Array, now: Date): boolean {
  return timingSafeEqual(digest, shown) && (expiresAt === null || expiresAt > now);
}
