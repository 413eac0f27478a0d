import { countProcessed, type Progress } from "@bulk/domain/action-outcome";
import { type BulkAction, isOpen } from "@bulk/domain/bulk-action";
import { COLUMNS } from "./bulk-actions.ts";
import type { Database } from "./database.ts";
import { textArray } from "./sql.ts";
import { TALLY } from "./tally.ts";

/** A bulk action, and how far it has come. */
export type BulkActionProgress = BulkAction & Progress;

/** Which bulk action, and whose it must be. */
export type BulkActionKey = Pick<BulkAction, "id" | "accountId">;

/**
 * The progress of many bulk actions in one query; those that do not exist or are of another account are
 * just absent. Costs the same however many ids a chunk has.
 */
export async function readProgress(
  database: Database,
  keys: readonly BulkActionKey[],
): Promise<readonly BulkActionProgress[]> {
  const accountIds = textArray(keys.map(({ accountId }) => accountId));
  const ids = textArray(keys.map(({ id }) => id));
  return await database.$queryRaw`
    SELECT ${COLUMNS}, progress.*
    FROM unnest(${accountIds}::uuid[], ${ids}::uuid[]) AS key (account_id, id)
    JOIN bulk_actions bulk_action ON bulk_action.account_id = key.account_id AND bulk_action.id = key.id
    CROSS JOIN LATERAL (
      SELECT ${TALLY}, max(progressed_at) AS "lastProgressAt"
      FROM bulk_action_chunks WHERE bulk_action_id = bulk_action.id) AS progress`;
}

/** The bulk actions with their progress, in the order given; those that are gone are absent. Reads no ids. */
export async function attachProgress(
  database: Database,
  bulkActions: readonly BulkAction[],
): Promise<readonly BulkActionProgress[]> {
  const found = await readProgress(database, bulkActions);
  const byId = new Map(found.map((progress) => [progress.id, progress]));
  return bulkActions.flatMap(({ id }) => byId.get(id) ?? []);
}

/** Whether one look at a bulk action shows more than another. Looks may arrive in another order than taken. */
export function isAhead(one: BulkActionProgress, other: BulkActionProgress): boolean {
  return (
    (isOpen(other.status) && !isOpen(one.status)) ||
    one.updatedAt > other.updatedAt ||
    countProcessed(one) > countProcessed(other)
  );
}
