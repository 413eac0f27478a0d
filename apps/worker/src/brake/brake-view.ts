import type { BrakeReason } from "@bulk/domain/bulk-actions/describe-braking";
import type { Pace } from "./pace.ts";

/** What this process knows of others who use the database. */
export type BrakeView = {
  /** How fast to work; `undefined`: at full speed. */
  readonly pace: Pace | undefined;
  readonly reason: BrakeReason | undefined;
  readonly measured: number | undefined;
  readonly recordsPerSecond: number | undefined;
};
