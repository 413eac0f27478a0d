import { z } from "zod";

/** A moment on the wire. */
export const moment = z.int().nonnegative().meta({ description: "A Unix timestamp in whole seconds." });

/** Returns a moment as the wire has it. */
export function toUnixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

/** Returns a moment as the wire has it; null stays null. */
export function toUnixSecondsOrNull(time: Date | null): number | null {
  return time && toUnixSeconds(time);
}
