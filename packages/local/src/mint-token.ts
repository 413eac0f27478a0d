import { randomBytes } from "node:crypto";
import { createToken, type NewToken } from "@bulk/store/api-tokens";
import type { Database } from "@bulk/store/database";
import { type Replacement, replaceToken, type TokenReplacement } from "@bulk/store/token-end";

/** A token of which nobody but its holder will know the secret: it is to be shown once, now. */
export type MintedToken = { readonly id: string; readonly secret: string };

/** Makes a new token. */
export async function mintToken(database: Database, token: Omit<NewToken, "secret">): Promise<MintedToken> {
  const secret = createTokenSecret();
  return { id: await createToken(database, { ...token, secret }), secret };
}

/** Makes a token in the place of another one, which ends. */
export async function mintReplacement(
  database: Database,
  replacement: Omit<TokenReplacement, "secret">,
): Promise<Replacement & Pick<MintedToken, "secret">> {
  const secret = createTokenSecret();
  return { ...(await replaceToken(database, { ...replacement, secret })), secret };
}

// 256 random bits behind a prefix that secret scanners can look for.
function createTokenSecret(): string {
  return `bulk_live_${randomBytes(32).toString("base64url")}`;
}
