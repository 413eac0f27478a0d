import { createHash } from "node:crypto";
import type { Database } from "./database.ts";

/** Who calls: an account, and what the token may do there. */
export type Caller = {
  readonly accountId: string;
  readonly tokenId: string;
  readonly scopes: readonly string[];
};

/** The holder of a token secret, or `undefined` when the token is unknown, revoked or expired. */
export async function findCaller(database: Database, secret: string): Promise<Caller | undefined> {
  const token = await database.apiToken.findUnique({ where: { digest: digestOf(secret) } });
  if (token === null || token.revokedAt !== null) return undefined;
  if (token.expiresAt !== null && token.expiresAt.getTime() <= Date.now()) return undefined;
  return { accountId: token.accountId, tokenId: token.id, scopes: token.scopes };
}

export type NewToken = {
  readonly accountId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Shown to its holder once; only its digest is stored. At least 256 random bits. */
  readonly secret: string;
};

/** Makes a secret valid for an account. */
export async function createToken(database: Database, token: NewToken): Promise<void> {
  const { accountId, name, scopes, secret } = token;
  await database.apiToken.create({
    data: { accountId, name, scopes: [...scopes], digest: digestOf(secret) },
  });
}

// A plain digest is enough: the secret is random, not a word somebody chose, so it cannot be guessed.
function digestOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}
