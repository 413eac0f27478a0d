import type { Braking } from "./bulk-action.ts";

/** Why workers are slow on purpose. */
export type BrakeReason = "shop_is_active" | "sessions_wait";

/** What each reason means, for operators. */
export const BRAKE_REASONS: Readonly<Record<BrakeReason, string>> = {
  shop_is_active: "others use the database",
  sessions_wait: "other sessions wait for locks of chunks",
};

/** Returns why workers are slow, for operators. A reason that this version does not know is returned as it is. */
export function tellBrakeReason({ reason }: Pick<Braking, "reason">): string {
  return isBrakeReason(reason) ? BRAKE_REASONS[reason] : reason;
}

function isBrakeReason(reason: string): reason is BrakeReason {
  return Object.hasOwn(BRAKE_REASONS, reason);
}

/** Returns how much slower others are, for operators: `1.23 times idle, at most 1.25`. */
export function tellSlowdown({ measured, target }: Pick<Braking, "measured" | "target">): string {
  return `${measured === null ? "not measured yet" : `${measured.toFixed(2)} times idle`}, at most ${target.toFixed(2)}`;
}
