import { randomBytes } from "node:crypto";
import type { Database } from "../database.ts";
import { createToken, type NewToken } from "./api-tokens.ts";

/** A new token with its secret. The secret is not stored, so show it now. */
export type MintedToken = { readonly id: string; readonly secret: string };

/** Creates a token. */
export async function mintToken(database: Database, token: Omit<NewToken, "secret">): Promise<MintedToken> {
  const secret = createTokenSecret();
  return { id: await createToken(database, { ...token, secret }), secret };
}

/** The token to replace, and how. */
export type TokenReplacement = {
  /** The token to replace. */
  readonly id: string;
  readonly now: Date;
  /** How long the old token stays valid beside the new one, unless it expires earlier; 0: it is revoked now. */
  readonly graceMs: number;
  /** When the new token expires; `undefined`: it gets the lifetime that the old one was created with. */
  readonly expiresAt: Date | undefined;
};

/** The result of a replacement. */
export type Replacement =
  | {
      readonly kind: "replaced";
      /** The id of the new token. */
      readonly id: string;
      readonly expiresAt: Date | null;
      readonly oldEndsAt: Date;
    }
  | { readonly kind: "not_found" }
  /** The token to replace is revoked or expired. */
  | { readonly kind: "ended" };

/** Creates a token with the account, name and scopes of another one, and ends that one, in one transaction. */
export async function mintReplacement(
  database: Database,
  replacement: TokenReplacement,
): Promise<Replacement & Pick<MintedToken, "secret">> {
  const secret = createTokenSecret();
  return { ...(await replaceToken(database, replacement, secret)), secret };
}

async function replaceToken(
  database: Database,
  replacement: TokenReplacement,
  secret: string,
): Promise<Replacement> {
  const { id, now } = replacement;
  return await database.$transaction(async (transaction) => {
    // A concurrent replacement of the same token waits here, and then finds the token ended or about to end.
    await transaction.$queryRaw`SELECT FROM bulk.api_tokens WHERE id = ${id}::uuid FOR UPDATE`;
    const old = await transaction.apiToken.findUnique({ where: { id } });
    if (old === null) return { kind: "not_found" };
    if (old.revokedAt !== null || (old.expiresAt !== null && old.expiresAt <= now)) return { kind: "ended" };
    const { accountId, name, scopes } = old;
    const expiresAt = replacement.expiresAt ?? lifetimeAgain(old, now);
    const newId = await createToken(transaction, { accountId, name, scopes, secret, expiresAt });
    const oldEndsAt = earlier(new Date(now.getTime() + replacement.graceMs), old.expiresAt);
    const end = replacement.graceMs === 0 ? { revokedAt: now } : { expiresAt: oldEndsAt };
    await transaction.apiToken.update({ where: { id }, data: end });
    return { kind: "replaced", id: newId, expiresAt: expiresAt ?? null, oldEndsAt };
  });
}

// 256 random bits after a prefix for secret scanners.
function createTokenSecret(): string {
  return `bulk_live_${randomBytes(32).toString("base64url")}`;
}

type Lifetime = { readonly createdAt: Date; readonly expiresAt: Date | null };

function lifetimeAgain({ createdAt, expiresAt }: Lifetime, now: Date): Date | undefined {
  return expiresAt === null ? undefined : new Date(now.getTime() + expiresAt.getTime() - createdAt.getTime());
}

function earlier(one: Date, other: Date | null): Date {
  return other !== null && other < one ? other : one;
}
