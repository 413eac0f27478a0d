import { BRAKE_REASONS, type BrakeReason } from "@bulk/domain/bulk-actions/describe-braking";
import { WEBHOOK_QUEUE } from "@bulk/queue/engines/connection";
import type { Logger } from "@bulk/service/process/logger";
import { keepFresh } from "@bulk/service/timing/keep-fresh";
import type { Database } from "@bulk/store/database";
import { notePhaseBegun, notePhaseEnded } from "@bulk/store/journal/note-phase";
import { lookAround, writeBrake } from "@bulk/store/operations/brake-look";
import { type BrakeLog, createBrakeLog } from "./brake-log.ts";
import type { BrakeView } from "./brake-view.ts";
import { type Decision, decide, reasonOf } from "./decide.ts";
import type { HarmMeter } from "./harm.ts";

export type BrakeWatch = {
  /** Returns the view; looks again when it is older than a quarter of a second. Never throws. */
  view(): Promise<BrakeView>;
  /** The last view, if work has needed one in the last five seconds. */
  lastView(): BrakeView | undefined;
};

export type BrakeWatchOptions = {
  readonly database: Database;
  readonly logger: Logger;
  readonly onError: (error: unknown) => void;
  readonly meter: Pick<HarmMeter, "take">;
  /** How many times their idle latency small transactions of others may take. */
  readonly target: number;
};

const MAX_AGE_MS = 250;

/** So long after their last statement others are thought to be still there. */
const QUIET_MS = 1_200;

/** A view that no work has needed for so long says nothing. */
const FORGET_MS = 5_000;

const FULL_SPEED: BrakeView = {
  ...{ pace: undefined, reason: undefined, measured: undefined, recordsPerSecond: undefined },
};

/**
 * Watches for other users of the database, while there is work. If a look fails, that is reported and the last view
 * stays: whatever is wrong with the database stops the work by itself.
 */
export function openBrakeWatch(options: BrakeWatchOptions): BrakeWatch {
  const log = createBrakeLog(options);
  const fresh = keepFresh(MAX_AGE_MS, async (before: BrakeView = FULL_SPEED) => {
    const view = await look(options, log).catch((error: unknown) => {
      options.onError(error);
      return before;
    });
    log.changed(before, view);
    return view;
  });
  return { view: fresh.value, lastView: () => fresh.latest(FORGET_MS) };
}

async function look(options: BrakeWatchOptions, log: BrakeLog): Promise<BrakeView> {
  const { database, meter, target } = options;
  const found = await lookAround(database, QUIET_MS, [WEBHOOK_QUEUE]);
  log.hidden(found.hiddenCount);
  const { pace, measured, write, change } = decide({ look: found, measured: meter.take(), target });
  if (write !== undefined && (await writeBrake(database, found.state?.version, write))) {
    // The brake does not depend on the journal.
    await noteChange(database, change, reasonOf(found)).catch(options.onError);
  }
  if (pace === undefined) return FULL_SPEED;
  return {
    pace,
    reason: reasonOf(found),
    measured,
    recordsPerSecond: found.state?.recordsPerSecond ?? undefined,
  };
}

async function noteChange(
  database: Database,
  change: Decision["change"],
  reason: BrakeReason,
): Promise<void> {
  const phase = { kind: "brake", by: "the brake" } as const;
  if (change === "begins") await notePhaseBegun(database, { ...phase, detail: BRAKE_REASONS[reason] });
  if (change === "ends") await notePhaseEnded(database, phase);
}
