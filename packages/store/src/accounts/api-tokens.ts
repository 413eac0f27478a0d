import { createHash } from "node:crypto";
import type { Database } from "../database.ts";
import { textArray } from "../sql.ts";

/** An authenticated caller: the account, and the scopes of the token. */
export type Caller = {
  readonly accountId: string;
  readonly tokenId: string;
  readonly scopes: readonly string[];
};

/** A token as stored, without its secret. */
export type ApiToken = {
  readonly caller: Caller;
  readonly digest: Uint8Array;
  readonly expiresAt: Date | null;
};

/**
 * Finds the tokens whose secrets have these digests (hexadecimal), expired or not. Unknown and revoked ones are absent.
 */
export async function findTokens(
  database: Database,
  digests: readonly string[],
): Promise<ReadonlyMap<string, ApiToken>> {
  const rows = await database.$queryRaw<TokenRow[]>`
    SELECT id, account_id AS "accountId", scopes, digest, expires_at AS "expiresAt"
    FROM unnest(${textArray(digests)}::text[]) AS shown JOIN bulk.api_tokens ON digest = decode(shown, 'hex')
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
 * Writes when tokens were last used, all in one statement. Never replaces a later moment by an earlier one, so several
 * processes may report the same token in any order.
 */
export async function recordTokenUses(database: Database, uses: ReadonlyMap<string, Date>): Promise<void> {
  const ids = textArray(uses.keys());
  const moments = textArray([...uses.values()].map((moment) => moment.toISOString()));
  // Locked in order of id, so that two processes that report the same tokens cannot deadlock.
  await database.$executeRaw`
    WITH used AS (
      SELECT token.id, seen.at
      FROM unnest(${ids}::uuid[], ${moments}::timestamptz[]) AS seen (id, at) JOIN bulk.api_tokens token USING (id)
      WHERE token.last_used_at IS NULL OR token.last_used_at < seen.at
      ORDER BY token.id FOR NO KEY UPDATE OF token
    )
    UPDATE bulk.api_tokens SET last_used_at = used.at FROM used WHERE api_tokens.id = used.id`;
}

/** A token to create. */
export type NewToken = {
  readonly accountId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** `undefined`: valid until revoked. */
  readonly expiresAt?: Date | undefined;
  /** At least 256 random bits, shown to the holder once. Only its digest and its first characters are stored. */
  readonly secret: string;
};

/** Makes a secret valid for an account. Returns the token's id. */
export async function createToken(
  database: Pick<Database, "apiToken">,
  { accountId, name, scopes, expiresAt, secret }: NewToken,
): Promise<string> {
  const data = {
    accountId,
    name,
    scopes: [...scopes],
    expiresAt: expiresAt ?? null,
    prefix: secret.slice(0, PREFIX_LENGTH),
    digest: digestOf(secret),
  };
  const { id } = await database.apiToken.create({ data, select: { id: true } });
  return id;
}

/** `bulk_live_` and six random characters: enough to recognise a token, and 220 bits stay secret. */
const PREFIX_LENGTH = 16;

/**
 * Returns the stored digest of a secret. A plain digest is enough, because a random secret cannot be guessed.
 */
export function digestOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}

/**
 * Revokes a token: every API process refuses it within two seconds. Returns when it was revoked, which a repeat does
 * not change; `undefined` if there is no token of this id.
 */
export async function revokeToken(database: Database, id: string, now: Date): Promise<Date | undefined> {
  await database.apiToken.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now } });
  const token = await database.apiToken.findUnique({ select: { revokedAt: true }, where: { id } });
  return token?.revokedAt ?? undefined;
}
