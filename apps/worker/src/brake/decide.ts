import type { BrakeReason } from "@bulk/domain/bulk-actions/describe-braking";
import type { BrakeLook, BrakeSetting, BrakeState } from "@bulk/store/operations/brake-look";
import { FIRST_PACE, halve, type Measured, nextPace, type Pace, slowdownOf, slower } from "./pace.ts";

/** How this process works from now on, and what it has to write down, if anything. */
export type Decision = {
  /** `undefined`: at full speed. */
  readonly pace: Pace | undefined;
  readonly measured: number | undefined;
  readonly write: BrakeSetting | undefined;
  /** Whether workers slow down from now on, or no longer do. Whoever writes this setting is the one who knows. */
  readonly change: "begins" | "ends" | undefined;
};

export type Evidence = {
  readonly look: BrakeLook;
  /** What was measured since the last decision, if it was enough. */
  readonly measured: Measured | undefined;
  /** How many times longer they may take. */
  readonly target: number;
};

/** The state is written at least this often while workers are polite, so that readers know it is true. */
const REFRESH_MS = 1_000;

/** A state that nobody has refreshed for so long is not in force. */
const STALE_MS = 5_000;

/**
 * Decides how fast to work: at full speed while nobody else uses the database. Otherwise at a pace that grows step by step
 * while others are hardly slower, and falls by a share when they are.
 */
export function decide(evidence: Evidence): Decision {
  const { look, measured, target } = evidence;
  const { state } = look;
  const wasBraked = state?.isBraked === true && state.ageMs < STALE_MS;
  const isBraked = look.isShopActive || look.isAwaited;
  const pace = choosePace(evidence, wasBraked);
  const duty = (state ?? FIRST_PACE).duty;
  const setting = {
    ...{ isBraked, target, ...pace, reason: isBraked ? reasonOf(look) : null, othersAt: look.othersAt },
    measured: measured === undefined ? (state?.measured ?? null) : slowdownOf(measured, duty),
  };
  const isNews = isBraked
    ? !wasBraked || state.ageMs > REFRESH_MS || differs(state, setting)
    : state?.isBraked === true;
  return {
    pace: isBraked ? pace : undefined,
    measured: setting.measured ?? undefined,
    write: isNews ? setting : undefined,
    change: changeOf(isBraked, wasBraked, state?.isBraked === true),
  };
}

// A brake that nobody has refreshed is as good as ended, but that was not said.
function changeOf(isBraked: boolean, wasBraked: boolean, isOnRecord: boolean): Decision["change"] {
  if (isBraked) return wasBraked ? undefined : "begins";
  return isOnRecord ? "ends" : undefined;
}

/** Why workers are slow while others were seen. */
export function reasonOf({ isAwaited }: Pick<BrakeLook, "isAwaited">): BrakeReason {
  return isAwaited ? "sessions_wait" : "shop_is_active";
}

function choosePace({ look, measured, target }: Evidence, wasBraked: boolean): Pace {
  const known = look.state ?? FIRST_PACE;
  // What was learned lately is kept, except that the shop may be busier now than it was.
  const pace = wasBraked ? pick(known) : slower(known, FIRST_PACE);
  if (look.isAwaited) return halve(pace);
  if (!wasBraked || measured === undefined) return pace;
  return nextPace(pace, measured, target);
}

function pick({ sliceSize, duty }: Pace): Pace {
  return { sliceSize, duty };
}

function differs(state: BrakeState, setting: BrakeSetting): boolean {
  return (
    state.reason !== setting.reason || state.sliceSize !== setting.sliceSize || state.duty !== setting.duty
  );
}
