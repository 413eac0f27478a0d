import type { RecordEffect } from "@bulk/domain/bulk-actions/record-effect";
import type { ChunkEffect } from "@bulk/store/chunks/chunk-effect";
import type { Queryable } from "@bulk/store/database";
import type { TableRights } from "@bulk/store/rights/needed-rights";

/**
 * Something that can be done to records: what it does in SQL (`ChunkEffect`) and in words (`RecordEffect`). Everything
 * that is said of an action elsewhere derives from this: events, outcomes, metrics, grants, previews, the reference.
 * Change and preview are made from the same condition, so they cannot contradict each other.
 */
export type Action = ChunkEffect &
  RecordEffect & {
    /** Its name on the wire. Stored with every bulk action, so it never changes once released. */
    readonly type: string;
    /** Its records have no account: it is refused while there are several. Its condition must check that as well. */
    readonly needsOneAccount?: true;
    /** The type of the action that this one takes back. Such an action is created from a bulk action, not from ids. */
    readonly restores?: string;
    /**
     * What it does in SQL, if that depends on columns, keys and defaults that the tables have now. Use what this returns
     * instead of the pieces of the action itself, and not for long.
     */
    readonly compose?: (database: Queryable) => Promise<ChunkEffect>;
    /** The rights on tables that its SQL needs. */
    readonly rights: TableRights;
  };

/** Returns the action with what it does in SQL now (`compose`). */
export async function composeAction(action: Action, database: Queryable): Promise<Action> {
  return action.compose === undefined ? action : { ...action, ...(await action.compose(database)) };
}
