/** Limits how many records one statement of this process takes, for action types whose statements timed out. */
export type SlicePace = {
  /** `undefined`: no limit but the chunk. */
  mostRecords(actionType: string): number | undefined;
  /** Records the first time-out of a chunk. Later statements take at most `mostRecords`. */
  noteSlow(actionType: string, mostRecords: number): void;
  /** Records a statement that succeeded with this many records. */
  noteSuccess(actionType: string, recordCount: number): void;
};

/** After this many full-size successes in a row, the limit doubles. */
const SUCCESSES = 10;

/**
 * Creates the limits of a process. Without them, every chunk that is too large for the statement time-out would learn
 * that by a time-out of its own. Limits grow back slowly, because slow statements tend to stay slow for a while.
 */
export function createSlicePace(): SlicePace {
  const paces = new Map<string, { readonly mostRecords: number; readonly successes: number }>();
  return {
    mostRecords: (actionType) => paces.get(actionType)?.mostRecords,
    noteSlow(actionType, mostRecords) {
      const now = paces.get(actionType)?.mostRecords ?? mostRecords;
      paces.set(actionType, { mostRecords: Math.min(now, mostRecords), successes: 0 });
    },
    noteSuccess(actionType, recordCount) {
      const pace = paces.get(actionType);
      // A smaller try proves nothing about larger ones.
      if (pace === undefined || recordCount < pace.mostRecords) return;
      const successes = pace.successes + 1;
      const hasEarnedMore = successes >= SUCCESSES;
      const mostRecords = hasEarnedMore ? pace.mostRecords * 2 : pace.mostRecords;
      if (mostRecords > MOST_RECORDS) paces.delete(actionType);
      else paces.set(actionType, { mostRecords, successes: hasEarnedMore ? 0 : successes });
    },
  };
}

/** No chunk is larger (CHUNK_SIZE), so a limit above it has no effect. */
const MOST_RECORDS = 10_000;
