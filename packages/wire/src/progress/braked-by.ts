import type { Braking } from "@bulk/domain/bulk-actions/bulk-action";
import { z } from "zod";
import { moment } from "../moment.ts";

/** Why the workers are slow on purpose, in details and events. */
export const brakedBy = z
  .object({
    reason: z.string().meta({
      description: "Such as `shop_is_active`: others use the database. There may be further ones.",
    }),
    since: moment,
    target_ratio: z.number().meta({ description: "How many times its idle latency the shop may become." }),
    measured_ratio: z
      .number()
      .nullable()
      .meta({ description: "How many times it is now; null before the first measurement." }),
    records_per_second: z.number().nullable().meta({
      description: "What all workers together do now, for all bulk actions; null in the first moments.",
    }),
  })
  .nullable()
  .meta({
    description:
      "Why bulk actions are slow on purpose: while others use the database, workers take small slices with rests between " +
      "them. Null at full speed, and once the bulk action has ended.",
  });

type WireBrakedBy = z.output<typeof brakedBy>;

/** Returns what slows a bulk action, as callers see it: without digits that change all the time and mean nothing. */
export function presentBraking(braking: Braking | null): WireBrakedBy {
  return (
    braking && {
      reason: braking.reason,
      since: braking.sinceSeconds,
      target_ratio: braking.target,
      measured_ratio: braking.measured && Number(braking.measured.toFixed(2)),
      records_per_second: braking.recordsPerSecond && Math.round(braking.recordsPerSecond),
    }
  );
}
