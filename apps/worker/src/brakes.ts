import { isOpening } from "@bulk/queue/turn";
import type { TakenTurn } from "@bulk/queue/turn-worker";
import type { Database } from "@bulk/store/database";
import { endLanesIfPaused, type Pause } from "@bulk/store/pauses";
import { returnBudget, takeBudget } from "@bulk/store/throttles";
import type { SlicePace } from "./slice-pace.ts";
import type { Switchboard, SwitchView } from "./switchboard.ts";

/** Whether a turn may begin one more try. */
export type Permit =
  | {
      readonly kind: "granted";
      readonly mostRecords: number | undefined;
      /** How many records the throttles were debited for. */
      readonly debitedCount: number;
    }
  /** Every lane of the bulk action ends; the sweeper starts them again after the pause. */
  | { readonly kind: "paused" }
  | { readonly kind: "throttled"; readonly dueInMs: number }
  | { readonly kind: "replica_lags"; readonly dueInMs: number };

/** What holds one turn up. */
export type Brakes = {
  isPaused(): Promise<boolean>;
  /** To be asked before each try. */
  ask(): Promise<Permit>;
  /** To be told how many records the try took. */
  giveBackUnused(permit: Permit, recordCount: number): Promise<void>;
};

export type BrakeTools = {
  readonly database: Database;
  readonly switchboard: Switchboard;
  readonly pace: SlicePace;
};

/** Most records of one try while a throttle is set, as many as a chunk has by default: others wait for their share. */
const MOST_RECORDS = 1_000;

/** How soon a turn looks again at replicas that are behind. */
const REPLICA_LOOK_MS = 1_000;

/**
 * The brakes of one turn: pauses, replicas that are behind, throttles, in this order. As long as nothing is set,
 * they cost the database one look a second for the whole process.
 */
export function createBrakes(turn: TakenTurn, tools: BrakeTools): Brakes {
  let checked: SwitchView | undefined;
  let wasPaused = false;
  async function isPaused(): Promise<boolean> {
    const view = await tools.switchboard.view();
    if (wasPaused || view === checked) return wasPaused;
    checked = view;
    // The view may be a second old, and does not know the account: the database decides.
    wasPaused =
      view.pauses.some((pause) => mayConcern(pause, turn)) && (await endLanesIfPaused(tools.database, turn));
    return wasPaused;
  }
  return {
    isPaused,
    async ask() {
      if (await isPaused()) return { kind: "paused" };
      const view = await tools.switchboard.view();
      if (view.isReplicaBehind) return { kind: "replica_lags", dueInMs: REPLICA_LOOK_MS };
      return await takeShare(turn, view, tools);
    },
    async giveBackUnused(permit, recordCount) {
      const unused = permit.kind === "granted" ? permit.debitedCount - recordCount : 0;
      if (unused > 0) await returnBudget(tools.database, turn.actionType, unused);
    },
  };
}

function mayConcern({ scope }: Pause, turn: TakenTurn): boolean {
  return !("actionType" in scope) || scope.actionType === turn.actionType;
}

async function takeShare(turn: TakenTurn, view: SwitchView, tools: BrakeTools): Promise<Permit> {
  const { actionType } = turn;
  const mostRecords = tools.pace.mostRecords(actionType);
  const isThrottled = view.throttles.some(
    (throttle) => throttle.actionType === null || throttle.actionType === actionType,
  );
  if (!isThrottled) return { kind: "granted", mostRecords, debitedCount: 0 };
  const budget = await takeBudget(tools.database, {
    ...{ actionType, isOpening: isOpening(turn) },
    mostRecords: Math.min(mostRecords ?? MOST_RECORDS, MOST_RECORDS),
  });
  switch (budget.kind) {
    case "unlimited":
      return { kind: "granted", mostRecords, debitedCount: 0 };
    case "granted":
      return { kind: "granted", mostRecords: budget.recordCount, debitedCount: budget.recordCount };
    case "exhausted":
      return { kind: "throttled", dueInMs: budget.dueInMs };
  }
}
