import { countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import type { ActionOverview } from "@bulk/store/bulk-actions/reading/action-overview";
import { LRUCache } from "lru-cache";

/** How fast a bulk action is. */
export type Speed = {
  /**
   * Of the last seconds, or since its start before anybody looked; of an ended one, from its start to its end. `undefined` while it
   * is paused, and some seconds after that.
   */
  readonly recordsPerSecond: number | undefined;
  /** Until its end at this speed; `undefined` if it stands still or has ended. */
  readonly remainingMs: number | undefined;
};

type Sample = { readonly at: number; readonly processed: number };

/** `recent`: since the last pause. */
type Seen = { readonly wasPaused: boolean; readonly recent: readonly Sample[] };

/** Over how long the speed is measured. */
const WINDOW_MS = 15_000;

/** Before it, two samples say too little. */
const LEAST_MS = 3_000;

/** Creates a meter that takes the speed of each bulk action from how its progress was seen to grow. */
export function createSpeedometer() {
  const samples = new LRUCache<string, Seen>({ max: 500 });
  return {
    /** @param at of a monotonic clock, in milliseconds */
    note(overview: ActionOverview, at: number, now = new Date()): Speed {
      const processed = countProcessed(overview);
      if (!isOpen(overview.status)) {
        const recordsPerSecond = speedUntil(overview.finishedAt, overview, processed);
        return { recordsPerSecond, remainingMs: undefined };
      }
      const before = samples.get(overview.id);
      if (overview.isPaused) {
        samples.set(overview.id, { wasPaused: true, recent: [] });
        return { recordsPerSecond: undefined, remainingMs: undefined };
      }
      const recent = (before?.recent ?? []).filter((sample) => at - sample.at <= WINDOW_MS);
      const wasPaused = before?.wasPaused === true;
      samples.set(overview.id, { wasPaused, recent: [...recent, { at, processed }].slice(-MOST_SAMPLES) });
      const [oldest] = recent;
      const isMeasured = oldest !== undefined && at - oldest.at >= LEAST_MS;
      // Since its start it stood still for a while, which says nothing of now.
      const sinceStart = wasPaused ? undefined : speedUntil(now, overview, processed);
      const recordsPerSecond = isMeasured
        ? (1_000 * (processed - oldest.processed)) / (at - oldest.at)
        : sinceStart;
      const rest = overview.recordCount - processed;
      const remainingMs = recordsPerSecond ? (1_000 * rest) / recordsPerSecond : undefined;
      return { recordsPerSecond, remainingMs };
    },
  };
}

const MOST_SAMPLES = 60;

// Of an open one until now: one that stands still must not look fast.
function speedUntil(end: Date | null, { startedAt }: ActionOverview, processed: number): number | undefined {
  if (startedAt === null || end === null) return undefined;
  const milliseconds = end.getTime() - startedAt.getTime();
  return milliseconds < 1 ? undefined : (1_000 * processed) / milliseconds;
}
