import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database } from "../../database.ts";
import { sql } from "../../sql.ts";
import {
  type BulkActionKey,
  type BulkActionProgress,
  readProgress,
} from "../../watching/bulk-action-progress.ts";

export type LatestQuery = {
  /** Of this account only; `undefined`: of all. */
  readonly accountId: string | undefined;
  readonly statuses: readonly BulkActionStatus[] | undefined;
  readonly limit: number;
};

/** A bulk action, its progress, and the name of its account. */
export type LatestBulkAction = BulkActionProgress & { readonly accountName: string };

/** Lists the bulk actions submitted last, newest first, of one account or of all. For operators only. */
export async function listLatest(
  database: Database,
  { accountId, statuses, limit }: LatestQuery,
): Promise<readonly LatestBulkAction[]> {
  // Account by account, as the index is sorted: sorting all bulk actions would take seconds.
  const keys = await database.$queryRaw<(BulkActionKey & Pick<LatestBulkAction, "accountName">)[]>`
    SELECT latest.id, accounts.id AS "accountId", accounts.name AS "accountName" FROM bulk.accounts, LATERAL (
      SELECT id, created_at FROM bulk.bulk_actions
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
