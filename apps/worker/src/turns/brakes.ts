import { isOpening } from "@bulk/queue/turns/turn";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";
import type { CatalogGuard } from "@bulk/store/chunks/claim-chunk";
import type { Database } from "@bulk/store/database";
import { endLanesIfPaused, type Pause } from "@bulk/store/operations/pauses";
import { returnBudget, takeBudget } from "@bulk/store/operations/throttles";
import type { LaneSlice } from "../brake/polite-lane.ts";
import type { ShopBrake, SliceGrant } from "../brake/shop-brake.ts";
import type { SafetyCatch } from "../safety/safety-catch.ts";
import type { SlicePace } from "./slice-pace.ts";
import type { Switchboard, SwitchView } from "./switchboard.ts";
import type { TurnTimes } from "./turn-clock.ts";

/** Whether a turn may begin one more try. */
export type Permit =
  | (Granted & { readonly guard: CatalogGuard | undefined; readonly slice: LaneSlice | undefined })
  | Refused;

type Granted = {
  readonly kind: "granted";
  readonly mostRecords: number | undefined;
  /** How many records the throttles were debited for. */
  readonly debitedCount: number;
};

type Refused =
  /** All lanes of the bulk action end. The sweeper restarts them after the pause. */
  | { readonly kind: "paused" }
  | { readonly kind: "throttled"; readonly dueInMs: number }
  | { readonly kind: "replica_lags"; readonly dueInMs: number }
  | Exclude<SliceGrant, { readonly kind: "granted" }>;

/** Everything that may stop or slow one turn. */
export type Brakes = {
  isPaused(): Promise<boolean>;
  /** Must be called before each try. */
  requestPermit(): Promise<Permit>;
  /** Must be called after each try, with the number of records that now have an outcome. */
  returnUnused(permit: Permit, recordCount: number): Promise<void>;
  /** Must be called when the turn ends, however it does. */
  leave(): Promise<void>;
};

export type BrakeTools = {
  readonly database: Database;
  readonly switchboard: Switchboard;
  readonly pace: SlicePace;
  readonly safetyCatch: Pick<SafetyCatch, "judge">;
  readonly shopBrake: Pick<ShopBrake, "join">;
  readonly times: Pick<TurnTimes, "turnMs">;
};

/** Most records of one try while a throttle is set: the default chunk size, so that others get their share. */
const MOST_RECORDS = 1_000;

/** How long a turn is delayed while a replica is behind. */
const REPLICA_LOOK_MS = 1_000;

/**
 * Creates the brakes of one turn: pauses, the safety catch, replicas that are behind, others who use the database,
 * throttles, in this order. While nothing is to be done, they cost the database six queries per second for the whole process.
 */
export function createBrakes(turn: TakenTurn, tools: BrakeTools): Brakes {
  const shopBrake = tools.shopBrake.join(turn, tools.times.turnMs);
  let running: LaneSlice | undefined;
  let checked: SwitchView | undefined;
  let wasPaused = false;
  async function isPaused(): Promise<boolean> {
    const view = await tools.switchboard.view();
    if (wasPaused || view === checked) return wasPaused;
    checked = view;
    // The view may be a second old and has no accounts, so the database decides.
    wasPaused =
      view.pauses.some((pause) => mayApply(pause, turn)) && (await endLanesIfPaused(tools.database, turn));
    return wasPaused;
  }
  return {
    isPaused,
    async requestPermit() {
      if (await isPaused()) return { kind: "paused" };
      const verdict = await tools.safetyCatch.judge(turn.actionType);
      // Ended here as by a pause; the pause of the safety catch is there already.
      if (verdict.kind === "held") {
        await endLanesIfPaused(tools.database, turn);
        return { kind: "paused" };
      }
      const guard = verdict.kind === "fits" ? verdict.guard : undefined;
      const view = await tools.switchboard.view();
      if (view.isReplicaBehind) return { kind: "replica_lags", dueInMs: REPLICA_LOOK_MS };
      const grant = await shopBrake.beforeSlice();
      if (grant.kind !== "granted") return grant;
      const { slice } = grant;
      running = slice;
      const share = await takeShare(turn, view, slice, tools);
      if (share.kind === "granted") return { ...share, guard, slice };
      await slice?.end(0);
      return share;
    },
    async returnUnused(permit, recordCount) {
      if (permit.kind !== "granted") return;
      await permit.slice?.end(recordCount);
      const unused = permit.debitedCount - recordCount;
      if (unused > 0) await returnBudget(tools.database, turn.actionType, unused);
    },
    async leave() {
      // After an error it has not ended yet.
      await running?.end(0);
      shopBrake.leave();
    },
  };
}

function mayApply({ scope }: Pause, turn: TakenTurn): boolean {
  if (scope.kind === "bulk_action") return scope.bulkActionId === turn.bulkActionId;
  return !("actionType" in scope) || scope.actionType === turn.actionType;
}

async function takeShare(
  turn: TakenTurn,
  view: SwitchView,
  slice: LaneSlice | undefined,
  tools: BrakeTools,
): Promise<Granted | Refused> {
  const { actionType } = turn;
  const mostRecords = least(tools.pace.mostRecords(actionType), slice?.mostRecords);
  const isThrottled = view.throttles.some(
    (throttle) => throttle.actionType === null || throttle.actionType === actionType,
  );
  if (!isThrottled) return { kind: "granted", mostRecords, debitedCount: 0 };
  const budget = await takeBudget(tools.database, {
    actionType,
    isOpening: isOpening(turn),
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

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
