import type { Logger } from "@bulk/service/process/logger";
import type { BrakeView } from "./brake-view.ts";

/** Logs when workers slow down for others, and when they stop doing so. */
export type BrakeLog = {
  changed(before: BrakeView, now: BrakeView): void;
  /** Warns, once, of sessions whose activity this user may not see. */
  hidden(count: number): void;
};

/** Creates the log of a process. */
export function createBrakeLog({
  logger,
  target,
}: {
  readonly logger: Logger;
  readonly target: number;
}): BrakeLog {
  let beganAt = 0;
  let hasWarned = false;
  return {
    changed(before, now) {
      if (before.pace === undefined && now.pace !== undefined) {
        beganAt = performance.now();
        logger.info(
          { reason: now.reason, target, ...now.pace },
          "others use the database; chunks are slowed down",
        );
      }
      if (before.pace !== undefined && now.pace === undefined) {
        const { measured, recordsPerSecond, pace } = before;
        const forSeconds = Math.round((performance.now() - beganAt) / 100) / 10;
        logger.info(
          { forSeconds, target, measured, recordsPerSecond, ...pace },
          "others no longer use the database; chunks run at full speed",
        );
      }
    },
    hidden(count) {
      if (count === 0 || hasWarned) return;
      hasWarned = true;
      logger.warn(
        { sessions: count },
        "the activity of other users' sessions is hidden, so they count as active: GRANT pg_read_all_stats to the " +
          "database user, or set PROTECT=off",
      );
    },
  };
}
