import { createToken } from "./api-tokens.ts";
import type { Database } from "./database.ts";

/**
 * Ends a token: every API refuses it within two seconds. One that was revoked before keeps that moment. Answers when
 * it was revoked; `undefined` when there is none of this id.
 */
export async function revokeToken(database: Database, id: string, now: Date): Promise<Date | undefined> {
  await database.apiToken.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now } });
  const token = await database.apiToken.findUnique({ select: { revokedAt: true }, where: { id } });
  return token?.revokedAt ?? undefined;
}

export type TokenReplacement = {
  /** The token whose place is taken. */
  readonly id: string;
  /** Of the new token. At least 256 random bits. */
  readonly secret: string;
  readonly now: Date;
  /** How long the old token goes on beside the new one, if it does not end earlier by itself; 0: it is revoked. */
  readonly graceMs: number;
  /** When the new token ends; `undefined`: it lives as long as the old one was made to live. */
  readonly expiresAt: Date | undefined;
};

export type Replacement =
  | {
      readonly kind: "replaced";
      /** Of the new token. */
      readonly id: string;
      readonly expiresAt: Date | null;
      readonly oldEndsAt: Date;
    }
  | { readonly kind: "not_found" }
  /** Revoked or expired: nothing to take the place of. */
  | { readonly kind: "ended" };

/** Makes a token with the account, name and scopes of another one, which ends: both or neither. */
export async function replaceToken(database: Database, replacement: TokenReplacement): Promise<Replacement> {
  const { id, now, secret } = replacement;
  return await database.$transaction(async (transaction) => {
    // Two who replace one token at once: the second waits here, and then finds it ended or about to.
    await transaction.$queryRaw`SELECT FROM api_tokens WHERE id = ${id}::uuid FOR UPDATE`;
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

type Lifetime = { readonly createdAt: Date; readonly expiresAt: Date | null };

function lifetimeAgain({ createdAt, expiresAt }: Lifetime, now: Date): Date | undefined {
  return expiresAt === null ? undefined : new Date(now.getTime() + expiresAt.getTime() - createdAt.getTime());
}

function earlier(one: Date, other: Date | null): Date {
  return other !== null && other < one ? other : one;
}
