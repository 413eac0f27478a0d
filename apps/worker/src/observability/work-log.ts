/** Records when this process last began or ended a turn, and how many it runs now. */
export type WorkLog = {
  /** Runs a turn and records its start and its end, also when it throws. */
  during<T>(turn: () => Promise<T>): Promise<T>;
  /** How long ago a turn last began or ended; before the first turn, the age of this log. */
  silentMs(): number;
  /** How many turns are running. */
  running(): number;
};

/** Creates an empty log. */
export function createWorkLog(now: () => number = () => performance.now()): WorkLog {
  let lastSignAt = now();
  let running = 0;
  return {
    async during(turn) {
      lastSignAt = now();
      running += 1;
      try {
        return await turn();
      } finally {
        lastSignAt = now();
        running -= 1;
      }
    },
    silentMs: () => now() - lastSignAt,
    running: () => running,
  };
}
