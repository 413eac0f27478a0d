import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { withinOr } from "@bulk/service/timing/deadline";
import type { ActionOverview } from "@bulk/store/bulk-actions/reading/action-overview";
import { countReasons } from "@bulk/store/bulk-actions/tally";
import type { Database } from "@bulk/store/database";
import { LRUCache } from "lru-cache";

/** How many records were skipped or failed for one reason. */
export type ReasonCount = { readonly code: string; readonly count: number };

/** How long a page waits for them. A million skipped records take about as long. */
const PATIENCE_MS = 150;

/** Of an open bulk action they are counted again after so many times as long as counting took. */
const REST = 20;

type Counting = {
  /** The records that had a reason when it began. */
  readonly of: number;
  latest: readonly ReasonCount[] | undefined;
  readonly result: Promise<readonly ReasonCount[]>;
  dueAt: number;
};

/**
 * Counts reasons for all pages of this process. Each counting reads the code of every skipped and failed record, so it is
 * done once for all pages, rarely while a bulk action is open, and never twice for one that has ended. Returns
 * `undefined` as long as the first counting of a large bulk action takes.
 */
export function openReasonCounts(
  database: Database,
): (overview: ActionOverview) => Promise<readonly ReasonCount[] | undefined> {
  const countings = new LRUCache<string, Counting>({ max: 500 });
  function begin({ id }: ActionOverview, of: number, latest: Counting["latest"]): Counting {
    const beganAt = performance.now();
    const counting: Counting = {
      ...{ of, latest, dueAt: Number.POSITIVE_INFINITY },
      result: countReasons(database, id),
    };
    counting.result.then(
      (counts) => {
        counting.latest = counts;
        counting.dueAt = performance.now() + REST * (performance.now() - beganAt);
      },
      () => countings.delete(id),
    );
    countings.set(id, counting);
    return counting;
  }
  return async (overview) => {
    const { id, skipped, failed, status } = overview;
    const of = skipped + failed;
    if (of === 0) return [];
    const before = countings.get(id);
    const isDue = !isOpen(status) || (before !== undefined && performance.now() >= before.dueAt);
    const counting =
      before === undefined || (before.of !== of && isDue) ? begin(overview, of, before?.latest) : before;
    return counting.latest ?? (await withinOr(PATIENCE_MS, counting.result, undefined));
  };
}
