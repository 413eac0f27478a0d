import { coalesce } from "@bulk/service/timing/coalesce";
import { attachRecords, type BulkActionWithRecords } from "../bulk-actions/reading/find-bulk-action.ts";
import type { Database } from "../database.ts";
import { type BulkActionProgress, isAhead } from "./bulk-action-progress.ts";

/** Adds the ids, read after the call, to a bulk action that was just read. Returns `undefined` if it is gone. For bulk actions whose ids a response lists. */
export type LoadRecords = (seen: BulkActionProgress) => Promise<BulkActionWithRecords | undefined>;

/** The weight of the ids that one query reads (`IdWeight`), unless a single bulk action has more. */
const WEIGHT_AT_ONCE = 100_000;

/**
 * Opens a loader for many callers at once: callers of one bulk action share its ids, one query reads the ids of many,
 * and queries run one after another. So callers that wake together take one connection and the memory of one query.
 */
export function openBulkActionLoader(database: Database): LoadRecords {
  return coalesce({
    keyOf: ({ id }: BulkActionProgress) => id,
    load: (seen) => loadRecords(database, seen),
    most: WEIGHT_AT_ONCE,
    weigh: ({ idWeight, recordCount }) => idWeight ?? recordCount,
    // A caller that was woken by newer progress must not get the older one of another caller.
    choose: (waiting, added) => (isAhead(added, waiting) ? added : waiting),
    failing: "batch",
  });
}

async function loadRecords(
  database: Database,
  seen: readonly BulkActionProgress[],
): Promise<ReadonlyMap<string, BulkActionWithRecords>> {
  const loaded = await attachRecords(database, seen, Infinity);
  // Every bulk action has ids; one without was pruned.
  return new Map(
    loaded.filter(({ recordIds }) => recordIds.count > 0).map((bulkAction) => [bulkAction.id, bulkAction]),
  );
}
