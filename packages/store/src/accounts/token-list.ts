import type { Database } from "../database.ts";

/** A token as it may be shown, without its secret. */
export type ListedToken = {
  readonly id: string;
  readonly accountName: string;
  readonly name: string;
  /** The beginning of its secret; null for a token created before that was stored. */
  readonly prefix: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
};

/** Lists the tokens of an account, or of all accounts, newest first. For operators only. */
export async function listTokens(
  database: Database,
  { accountId, limit }: { readonly accountId: string | undefined; readonly limit: number },
): Promise<readonly ListedToken[]> {
  const tokens = await database.apiToken.findMany({
    where: accountId === undefined ? {} : { accountId },
    omit: { digest: true, accountId: true },
    include: { account: { select: { name: true } } },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    take: limit,
  });
  return tokens.map(({ account, ...token }) => ({ ...token, accountName: account.name }));
}
