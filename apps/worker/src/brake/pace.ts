/** How much of the database's time a bulk action may take beside others. */
export type Pace = {
  /** The most records of one slice. */
  readonly sliceSize: number;
  /** The share of the time in which a slice may run. */
  readonly duty: number;
};

/** Low enough that others hardly notice the first slices; what follows is measured. */
export const FIRST_PACE: Pace = { sliceSize: 150, duty: 0.4 };

const LEAST: Pace = { sliceSize: 50, duty: 0.1 };
const MOST: Pace = { sliceSize: 1_000, duty: 0.6 };

/**
 * How long a slice should take, in small transactions in a rest. Shorter ones pay more for their statement and commit; a
 * transaction of others that meets a longer one lies beside it as a whole, and notices no rest. A multiple, because on a
 * slow machine both are slow.
 */
const SLICE_TRANSACTIONS = 4;

/** Work never stops: rests are not longer than this rate needs. */
const LEAST_RECORDS_PER_SECOND = 300;

/** What was measured since the last change of the pace. */
export type Measured = {
  /** How many times longer a small transaction takes beside a slice than in a rest. */
  readonly besideRatio: number;
  /** How long slices of this size take. */
  readonly sliceMs: number;
  /** How long a small transaction takes in a rest. */
  readonly restingMs: number;
};

/** Returns how many times longer small transactions take on the whole: those beside slices and those in rests. */
export function slowdownOf({ besideRatio }: Measured, duty: number): number {
  return 1 + duty * (besideRatio - 1);
}

/** Additive increase, multiplicative decrease of the duty; slices as long as they should be. */
export function nextPace({ sliceSize, duty }: Pace, measured: Measured, target: number): Pace {
  const change = Math.min(1.25, Math.max(0.75, (SLICE_TRANSACTIONS * measured.restingMs) / measured.sliceMs));
  return clamp({
    sliceSize: Math.round(sliceSize * change),
    duty: slowdownOf(measured, duty) > target ? duty * 0.8 : duty + 0.025,
  });
}

/** As soon as a session waits for a lock of a chunk. */
export function halve({ sliceSize, duty }: Pace): Pace {
  return clamp({ sliceSize: Math.round(sliceSize / 2), duty: duty / 2 });
}

/** Returns the slower of both, in both respects. */
export function slower(one: Pace, other: Pace): Pace {
  return {
    sliceSize: Math.min(one.sliceSize, other.sliceSize),
    duty: Math.min(one.duty, other.duty),
  };
}

function clamp({ sliceSize, duty }: Pace): Pace {
  return {
    sliceSize: Math.min(MOST.sliceSize, Math.max(LEAST.sliceSize, sliceSize)),
    duty: Math.min(MOST.duty, Math.max(LEAST.duty, duty)),
  };
}

/** Returns how long the lane rests after a slice of so many records that took so long. */
export function restAfter(tookMs: number, recordCount: number, duty: number): number {
  const restMs = (tookMs * (1 - duty)) / duty;
  const mostMs = Math.max(0, (1_000 * recordCount) / LEAST_RECORDS_PER_SECOND - tookMs);
  return Math.min(restMs, mostMs);
}
