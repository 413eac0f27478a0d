import type { BulkActionStatus } from "@bulk/domain/bulk-action";
import { type BulkActionKey, type BulkActionProgress, readProgress } from "./bulk-action-progress.ts";
import type { Database } from "./database.ts";
import { sql } from "./sql.ts";

export type LatestQuery = {
  /** Of this account alone; `undefined`: of all. */
  readonly accountId: string | undefined;
  readonly statuses: readonly BulkActionStatus[] | undefined;
  readonly limit: number;
};

/** A bulk action, how far it has come, and whose it is. */
export type LatestBulkAction = BulkActionProgress & { readonly accountName: string };

/** What was submitted last, newest first, of one account or of all: for operators. */
export async function listLatest(
  database: Database,
  { accountId, statuses, limit }: LatestQuery,
): Promise<readonly LatestBulkAction[]> {
  // Account by account, as the index has them: a sort of all there is would take seconds.
  const keys = await database.$queryRaw<(BulkActionKey & Pick<LatestBulkAction, "accountName">)[]>`
    SELECT latest.id, accounts.id AS "accountId", accounts.name AS "accountName" FROM accounts, LATERAL (
      SELECT id, created_at FROM bulk_actions
      WHERE account_id = accounts.id
        ${statuses === undefined ? sql`` : sql`AND status = ANY(${`{${statuses.join(",")}}`}::text[])`}
      ORDER BY created_at DESC, id DESC LIMIT ${limit}) AS latest
    ${accountId === undefined ? sql`` : sql`WHERE accounts.id = ${accountId}::uuid`}
    ORDER BY latest.created_at DESC, latest.id DESC LIMIT ${limit}`;
  const found = new Map((await readProgress(database, keys)).map((progress) => [progress.id, progress]));
  return keys.flatMap(({ id, accountName }) => {
    const progress = found.get(id);
    return progress === undefined ? [] : [{ ...progress, accountName }];
  });
}
