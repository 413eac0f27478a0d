import type { Database } from "./database.ts";

/** A token as it may be shown: without its secret, which nobody has but its holder. */
export type ListedToken = {
  readonly id: string;
  readonly accountName: string;
  readonly name: string;
  /** How its secret begins; null for one made before that was kept. */
  readonly prefix: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
};

/** The tokens of an account, or of all, newest first; for operators. */
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
