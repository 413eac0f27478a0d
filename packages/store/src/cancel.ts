import { type Settlement, settle } from "./bulk-actions.ts";
import { tellOfChange } from "./change-channel.ts";
import type { Database } from "./database.ts";

/** What came of asking for a cancel. */
export type Cancellation =
  /** Now or earlier; the bulk action ends as soon as no chunk of it is under work, or has ended already. */
  | { readonly kind: "canceled"; readonly settlement: Settlement }
  /** It had ended before anybody asked. */
  | { readonly kind: "too_late" }
  | { readonly kind: "not_found" };

/**
 * Cancels the account's bulk action of this id, once: when this answers, no further chunk of it is begun. The
 * chunks under work at that moment are finished and keep their outcomes; all other ids stay untouched. If no
 * chunk is under work, it has its terminal status already. Needs no worker and no queue.
 *
 * @param by who asks for it: the id of a token, or `admin`; kept of the first one who does
 */
export async function cancelBulkAction(
  database: Database,
  accountId: string,
  id: string,
  by: string,
): Promise<Cancellation> {
  const requestedCount = await database.$executeRaw`
    UPDATE bulk_actions SET cancel_requested_at = clock_timestamp(), cancel_requested_by = ${by},
      updated_at = clock_timestamp()
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid
      AND status IN ('pending', 'processing') AND cancel_requested_at IS NULL`;
  if (requestedCount > 0) await tellOfChange(database, id);
  // A statement of its own: what somebody else wrote while the first one waited is not in its snapshot.
  const [row] = await database.$queryRaw<{ isCanceled: boolean }[]>`
    SELECT cancel_requested_at IS NOT NULL AS "isCanceled" FROM bulk_actions
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`;
  if (row === undefined) return { kind: "not_found" };
  if (!row.isCanceled) return { kind: "too_late" };
  return { kind: "canceled", settlement: await settle(database, id) };
}
