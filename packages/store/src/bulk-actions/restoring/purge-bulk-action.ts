import { type BulkActionStatus, isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database, Queryable } from "../../database.ts";
import { IS_RESTORE_OPEN } from "./restorable-records.ts";

/** The result of a purge. */
export type Purge =
  /** By this or an earlier purge, or because nothing was kept. */
  | { readonly kind: "purged" }
  | { readonly kind: "still_open" }
  /** A restore of it is open, which needs the rows. */
  | { readonly kind: "restore_in_progress" }
  | { readonly kind: "not_found" };

/**
 * Deletes the rows that the account's bulk action of this id has kept for a restore. Afterwards it cannot be restored.
 *
 * @param by the id of a token, or `admin`; the first one is kept
 */
export async function purgeBulkAction(
  database: Database,
  accountId: string,
  id: string,
  by: string,
): Promise<Purge> {
  return await database.$transaction(async (transaction) => {
    // The lock waits for a restore that is being written, because of its foreign key; the next statement then sees it.
    await transaction.$executeRaw`
      SELECT FROM bulk.bulk_actions WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid FOR UPDATE`;
    const [found] = await transaction.$queryRaw<Found[]>`
      SELECT status, kept_slot AS slot, ${IS_RESTORE_OPEN} AS "isRestoreOpen" FROM bulk.bulk_actions AS parent
      WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`;
    if (found === undefined) return { kind: "not_found" };
    if (isOpen(found.status)) return { kind: "still_open" };
    if (found.isRestoreOpen) return { kind: "restore_in_progress" };
    if (found.slot !== null) await removeKept(transaction, id, found.slot, by);
    return { kind: "purged" };
  });
}

type Found = {
  readonly status: BulkActionStatus;
  readonly slot: number | null;
  readonly isRestoreOpen: boolean;
};

async function removeKept(transaction: Queryable, id: string, slot: number, by: string): Promise<void> {
  await transaction.$executeRaw`
    DELETE FROM bulk.kept_rows WHERE slot = ${slot}::smallint AND bulk_action_id = ${id}::uuid`;
  await transaction.$executeRaw`
    UPDATE bulk.bulk_actions SET kept_slot = NULL, restorable_until = NULL,
      purged_at = clock_timestamp(), purged_by = ${by}
    WHERE id = ${id}::uuid`;
}
