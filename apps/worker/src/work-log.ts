/** When this process last did something, and whether it does something now. */
export type WorkLog = {
  /** Takes a turn, and notes its beginning and its end, however it ends. */
  during<T>(turn: () => Promise<T>): Promise<T>;
  /** How long ago a turn last began or ended; before the first, how long the process has been there. */
  silentMs(): number;
  /** How many turns are under way. */
  running(): number;
};

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
