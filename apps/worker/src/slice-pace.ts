/** How many records of each action type one statement of this process takes, once some were too slow. */
export type SlicePace = {
  /** `undefined`: as many as a chunk has. */
  mostRecords(actionType: string): number | undefined;
  /** A chunk that had done nothing wrong before was too slow; the next ones should take no more than this. */
  noteSlow(actionType: string, mostRecords: number): void;
  /** A statement over this many records went well. */
  noteSuccess(actionType: string, recordCount: number): void;
};

/** After so many statements in a row that were as large as they might be and went well, twice as many are tried. */
const SUCCESSES = 10;

/**
 * Chunks that are too large for the time a statement may take halve one by one; without this, each would have to
 * find that out for itself, at the price of a time-out. Grows back slowly: what is slow now will be for a while.
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

/** No chunk is larger (CHUNK_SIZE): grown beyond it, a pace holds nothing up. */
const MOST_RECORDS = 10_000;
