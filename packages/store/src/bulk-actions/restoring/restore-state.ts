import { type BulkActionStatus, isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { notRestorable, notRestorableIds } from "@bulk/domain/errors/refusals";
import type { RequestError } from "@bulk/domain/errors/request-error";
import { sql } from "../../sql.ts";
import { IS_RESTORE_OPEN } from "./restorable-records.ts";

/** What decides whether a bulk action can be restored. */
export type RestoreState = {
  readonly parentStatus: BulkActionStatus;
  /** `never`: it was created so that it cannot be restored. */
  readonly kept: "now" | "expired" | "purged" | "never";
  readonly isRestoreOpen: boolean;
  /** How many of the chosen ids it has not changed. */
  readonly foreignCount: number;
  /** How many ids are left to restore. */
  readonly leftCount: number;
};

/** The columns of a `RestoreState`, from the common table expressions of `restorableRecords`. */
export const RESTORE_STATE = sql`parent.status AS "parentStatus",
           CASE WHEN parent.purged_at IS NOT NULL THEN 'purged' WHEN parent.restorable_until IS NULL THEN 'never'
                WHEN parent.restorable_until <= clock_timestamp() THEN 'expired' ELSE 'now' END AS kept,
           ${IS_RESTORE_OPEN} AS "isRestoreOpen", submitted.foreign_count AS "foreignCount",
           cardinality(submitted.ids) AS "leftCount"`;

/** Returns why a bulk action, `undefined` if there is none, cannot be restored. `undefined`: it can be. */
export function judgeRestore(state: RestoreState | undefined): RequestError | undefined {
  if (state === undefined) return notRestorable("not_found");
  if (isOpen(state.parentStatus)) return notRestorable("still_open");
  if (state.kept !== "now") return notRestorable(state.kept);
  if (state.isRestoreOpen) return notRestorable("in_progress");
  if (state.foreignCount > 0) return notRestorableIds(state.foreignCount);
  return state.leftCount === 0 ? notRestorable("nothing_to_restore") : undefined;
}
