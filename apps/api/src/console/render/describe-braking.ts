import type { Braking } from "@bulk/domain/bulk-actions/bulk-action";
import { tellBrakeReason, tellSlowdown } from "@bulk/domain/bulk-actions/describe-braking";

/** Why work is slow on purpose, in two sentences. */
export function describeBraking(braking: Braking): string {
  return `Slow on purpose: ${tellBrakeReason(braking)}. A small transaction of theirs takes ${tellSlowdown(braking)}.`;
}
