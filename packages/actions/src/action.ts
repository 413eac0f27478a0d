import type { RecordEffect } from "@bulk/domain/bulk-actions/record-effect";
import type { Filter, FilterFields } from "@bulk/domain/filters/filter";
import { readFilter } from "@bulk/domain/filters/read-filter";
import type { Selection } from "@bulk/store/bulk-actions/selecting/selection";
import { readStoredFilter } from "@bulk/store/bulk-actions/selecting/stored-filter";
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
    /** How callers may select records in place of listing ids; by default they may not. */
    readonly filtering?: Filtering;
    /** The rights on tables that its SQL needs, that of filters included. */
    readonly rights: TableRights;
  };

/** How the records of an action are selected by a filter. */
export type Filtering = {
  readonly fields: FilterFields;
  /** Compiles a filter to select the records of the account with this key. */
  readonly select: (filter: Filter, accountKey: string) => Pick<Selection, "selects" | "skipCode">;
  /** Compiles a filter to check it again when the records are changed. */
  readonly narrow: (filter: Filter) => Required<Pick<ChunkEffect, "matches" | "skipCode">>;
};

/** Returns the action with what it does in SQL now (`compose`). */
export async function composeAction(action: Action, database: Queryable): Promise<Action> {
  return action.compose === undefined ? action : { ...action, ...(await action.compose(database)) };
}

/**
 * Returns the action as this bulk action needs it: with what it does in SQL now, and only to records that match the filter
 * of the bulk action, if it has one. Throws if the filter cannot be compiled, because the declaration has changed since:
 * no record may be changed unchecked.
 */
export async function composeFor(bulkActionId: string, action: Action, database: Queryable): Promise<Action> {
  const composed = await composeAction(action, database);
  const stored = await readStoredFilter(database, bulkActionId);
  if (stored === null) return composed;
  const { filtering } = action;
  const read = filtering && readFilter(filtering.fields, stored);
  if (filtering === undefined || read?.kind !== "read") {
    const reason = read?.kind === "faulty" ? read.faults[0]?.message : "has no field any more";
    throw new Error(
      `The filter of bulk action ${bulkActionId} does not fit the declaration of ${action.type}: it ${reason}. Restore the ` +
        `former declaration and restart API and workers, or cancel the bulk action: pnpm admin action cancel ${bulkActionId}`,
    );
  }
  return { ...composed, ...filtering.narrow(read.filter) };
}
