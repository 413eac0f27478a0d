import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { Database } from "../database.ts";
import { notifyChanged } from "../watching/change-channel.ts";
import { type Settlement, settle } from "./settle.ts";

/** The result of a cancel. */
export type Cancellation =
  /** By this or an earlier cancel. The bulk action has ended, or ends as soon as none of its chunks is under work. */
  | { readonly kind: "canceled"; readonly settlement: Settlement }
  /** The bulk action ended without a cancel. */
  | { readonly kind: "too_late" }
  | { readonly kind: "not_found" };

/**
 * Cancels the account's bulk action of this id. After that no further chunk is begun. The chunks under work are finished
 * and keep their outcomes; all other ids stay untouched. If no chunk is under work, the bulk action has its terminal
 * status at once. Needs no worker and no queue.
 *
 * @param by the id of a token, or `admin`; the first one is kept
 * @param effects what the actions of this process do
 */
export async function cancelBulkAction(
  database: Database,
  accountId: string,
  id: string,
  by: string,
  effects: RecordEffects,
): Promise<Cancellation> {
  const requestedCount = await database.$executeRaw`
    UPDATE bulk.bulk_actions SET cancel_requested_at = clock_timestamp(), cancel_requested_by = ${by},
      updated_at = clock_timestamp()
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid
      AND status IN ('pending', 'processing') AND cancel_requested_at IS NULL`;
  if (requestedCount > 0) await notifyChanged(database, id);
  // A separate statement: the snapshot of the first lacks what others wrote while it waited.
  const [row] = await database.$queryRaw<{ isCanceled: boolean }[]>`
    SELECT cancel_requested_at IS NOT NULL AS "isCanceled" FROM bulk.bulk_actions
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`;
  if (row === undefined) return { kind: "not_found" };
  if (!row.isCanceled) return { kind: "too_late" };
  return { kind: "canceled", settlement: await settle(database, id, effects) };
}
