import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";
import type { StoredTurn } from "@bulk/store/workers/live-workers";

/** Records when this process last began or ended a turn, which it runs now, and how many records it has tried. */
export type WorkLog = {
  /** Runs a turn and records its start and its end, also when it throws. */
  during<T>(turn: NamedTurn, run: () => Promise<T>): Promise<T>;
  /** How long ago a turn last began or ended; before the first turn, the age of this log. */
  silentMs(): number;
  /** How many turns are running. */
  running(): number;
  /** The running turns, oldest first. */
  listTurns(): readonly StoredTurn[];
  /** Adds records that now have an outcome. */
  addRecords(tally: Tally): void;
  /** The records of all turns so far. */
  recordsSoFar(): Tally;
};

type NamedTurn = Pick<TakenTurn, "bulkActionId" | "actionType" | "lane">;

/** Creates an empty log. */
export function createWorkLog(now: () => number = () => performance.now()): WorkLog {
  let lastSignAt = now();
  const running = new Set<NamedTurn & { readonly beganAt: number }>();
  let records: Tally = { applied: 0, skipped: 0, failed: 0 };
  return {
    async during({ bulkActionId, actionType, lane }, run) {
      lastSignAt = now();
      const turn = { bulkActionId, actionType, lane, beganAt: lastSignAt };
      running.add(turn);
      try {
        return await run();
      } finally {
        lastSignAt = now();
        running.delete(turn);
      }
    },
    silentMs: () => now() - lastSignAt,
    running: () => running.size,
    listTurns: () =>
      [...running].map(({ beganAt, ...turn }) => ({ ...turn, ranMs: Math.round(now() - beganAt) })),
    addRecords({ applied, skipped, failed }) {
      records = {
        applied: records.applied + applied,
        skipped: records.skipped + skipped,
        failed: records.failed + failed,
      };
    },
    recordsSoFar: () => records,
  };
}
