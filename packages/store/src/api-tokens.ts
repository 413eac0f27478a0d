import { createHash } from "node:crypto";
import type { Database } from "./database.ts";
import { textArray } from "./sql.ts";

/** Who calls: an account, and what the token may do there. */
export type Caller = {
  readonly accountId: string;
  readonly tokenId: string;
  readonly scopes: readonly string[];
};

/** A token as it is kept, without its secret. */
export type ApiToken = {
  readonly caller: Caller;
  readonly digest: Uint8Array;
  readonly expiresAt: Date | null;
};

/** The tokens whose secrets have these digests (hexadecimal), expired or not; those that are unknown or revoked are left out. */
export async function findTokens(
  database: Database,
  digests: readonly string[],
): Promise<ReadonlyMap<string, ApiToken>> {
  const rows = await database.$queryRaw<TokenRow[]>`
    SELECT id, account_id AS "accountId", scopes, digest, expires_at AS "expiresAt"
    FROM unnest(${textArray(digests)}::text[]) AS shown JOIN api_tokens ON digest = decode(shown, 'hex')
    WHERE revoked_at IS NULL`;
  return new Map(
    rows.map(({ id, accountId, scopes, digest, expiresAt }) => [
      Buffer.from(digest).toString("hex"),
      { caller: { accountId, tokenId: id, scopes }, digest, expiresAt },
    ]),
  );
}

type TokenRow = Pick<ApiToken, "digest" | "expiresAt"> &
  Pick<Caller, "accountId" | "scopes"> & { readonly id: string };

/**
 * Writes down when tokens were last used, all in one statement. Never takes a later moment back, so several
 * processes may report the same token in any order.
 */
export async function recordTokenUses(database: Database, uses: ReadonlyMap<string, Date>): Promise<void> {
  const ids = textArray(uses.keys());
  const moments = textArray([...uses.values()].map((moment) => moment.toISOString()));
  // Locked in order of id, so that two processes that report the same tokens cannot block each other for good.
  await database.$executeRaw`
    WITH used AS (
      SELECT token.id, seen.at
      FROM unnest(${ids}::uuid[], ${moments}::timestamptz[]) AS seen (id, at) JOIN api_tokens token USING (id)
      WHERE token.last_used_at IS NULL OR token.last_used_at < seen.at
      ORDER BY token.id FOR NO KEY UPDATE OF token
    )
    UPDATE api_tokens SET last_used_at = used.at FROM used WHERE api_tokens.id = used.id`;
}

export type NewToken = {
  readonly accountId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** `undefined`: valid until it is revoked. */
  readonly expiresAt?: Date | undefined;
  /** Shown to its holder once; its digest is stored, and its first characters. At least 256 random bits. */
  readonly secret: string;
};

/** Makes a secret valid for an account. Answers the token's id. */
export async function createToken(
  database: Pick<Database, "apiToken">,
  { accountId, name, scopes, expiresAt, secret }: NewToken,
): Promise<string> {
  const data = {
    ...{ accountId, name, scopes: [...scopes], expiresAt: expiresAt ?? null },
    ...{ prefix: secret.slice(0, PREFIX_LENGTH), digest: digestOf(secret) },
  };
  const { id } = await database.apiToken.create({ data, select: { id: true } });
  return id;
}

/** `bulk_live_` and six random characters: enough to recognise one by, and 220 bits are left to guess. */
const PREFIX_LENGTH = 16;

/**
 * What is kept of a secret. A plain digest is enough: the secret is random, not a word somebody chose, so it
 * cannot be guessed.
 */
export function digestOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}
