import { countProcessed, type Progress } from "@bulk/domain/bulk-actions/action-outcome";
import { type BulkAction, isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { COLUMNS } from "../bulk-actions/columns.ts";
import { CHUNK_WEIGHT } from "../bulk-actions/reading/weigh-ids.ts";
import { TALLY } from "../bulk-actions/tally.ts";
import type { Database } from "../database.ts";
import { textArray } from "../sql.ts";

/** A bulk action and its progress. */
export type BulkActionProgress = BulkAction &
  Progress & {
    /** The weight of its ids (`IdWeight`), where it was read. */
    readonly idWeight?: number;
  };

/** The id of a bulk action and the account it must belong to. */
export type BulkActionKey = Pick<BulkAction, "id" | "accountId">;

/**
 * Reads the progress of many bulk actions in one query. Those that do not exist or belong to another account are
 * absent. The cost does not depend on the number of ids in a chunk.
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
    JOIN bulk.bulk_actions bulk_action ON bulk_action.account_id = key.account_id AND bulk_action.id = key.id
    CROSS JOIN LATERAL (
      SELECT ${TALLY}, max(progressed_at) AS "lastProgressAt",
             COALESCE(sum(${CHUNK_WEIGHT}), 0)::int AS "idWeight"
      FROM bulk.bulk_action_chunks chunk WHERE bulk_action_id = bulk_action.id) AS progress`;
}

/** Adds the progress to bulk actions, in the order given. Those that are gone are absent. Reads no ids. */
export async function attachProgress(
  database: Database,
  bulkActions: readonly BulkAction[],
): Promise<readonly BulkActionProgress[]> {
  const found = await readProgress(database, bulkActions);
  const byId = new Map(found.map((progress) => [progress.id, progress]));
  return bulkActions.flatMap(({ id }) => byId.get(id) ?? []);
}

/** Returns whether one reading of a bulk action is later than another. Readings may arrive out of order. */
export function isAhead(one: BulkActionProgress, other: BulkActionProgress): boolean {
  return (
    (isOpen(other.status) && !isOpen(one.status)) ||
    one.updatedAt > other.updatedAt ||
    countProcessed(one) > countProcessed(other)
  );
}

/** Returns whether a reading that is not older says something else than another about the pause, or why it is slow. */
export function isHeldOtherwise(one: BulkActionProgress, other: BulkActionProgress): boolean {
  return (
    !isAhead(other, one) &&
    (one.paused?.sinceSeconds !== other.paused?.sinceSeconds ||
      one.paused?.reason !== other.paused?.reason ||
      one.braked?.sinceSeconds !== other.braked?.sinceSeconds)
  );
}
