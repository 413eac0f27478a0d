import { type BulkActionProgress, isAhead } from "./bulk-action-progress.ts";
import { attachRecords, type BulkActionWithRecords } from "./bulk-actions.ts";
import type { Database } from "./database.ts";

/**
 * Adds the ids, as they are not before the call, to a bulk action that has just been read. Answers
 * `undefined` when it is gone.
 */
export type LoadRecords = (seen: BulkActionProgress) => Promise<BulkActionWithRecords | undefined>;

/**
 * A loader for many callers at once: who asks for the same bulk action shares its ids, one query reads those
 * of many, and queries follow one another. So however many are woken together, they take one connection, and
 * the memory of one query.
 */
export function openBulkActionLoader(database: Database): LoadRecords {
  const waiting = new Map<string, Load>();
  let isLoading = false;
  async function loadAll(): Promise<void> {
    isLoading = true;
    while (waiting.size > 0) await loadGroup(database, takeGroup(waiting));
    isLoading = false;
  }
  return (seen) => {
    const load: Load = waiting.get(seen.id) ?? { ...Promise.withResolvers(), seen };
    // Who was woken by newer news than the others must not get their older ones.
    if (isAhead(seen, load.seen)) load.seen = seen;
    waiting.set(seen.id, load);
    if (!isLoading) void loadAll();
    return load.promise;
  };
}

/** How many ids one query reads, unless a single bulk action has more. */
const RECORDS_AT_ONCE = 100_000;

type Load = PromiseWithResolvers<BulkActionWithRecords | undefined> & {
  seen: BulkActionProgress;
};

function takeGroup(waiting: Map<string, Load>): readonly Load[] {
  const group: Load[] = [];
  let size = 0;
  for (const [id, load] of waiting) {
    size += load.seen.recordCount;
    if (size > RECORDS_AT_ONCE && group.length > 0) break;
    waiting.delete(id);
    group.push(load);
  }
  return group;
}

async function loadGroup(database: Database, group: readonly Load[]): Promise<void> {
  try {
    const loaded = await attachRecords(
      database,
      group.map((load) => load.seen),
    );
    for (const [index, { resolve }] of group.entries()) {
      const bulkAction = loaded[index];
      // None has no ids, and those of one that was pruned are gone with it.
      resolve(bulkAction?.recordIds.length === 0 ? undefined : bulkAction);
    }
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}
