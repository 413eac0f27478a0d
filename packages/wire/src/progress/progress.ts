import { countProcessed, type Progress } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { perRegistry } from "@bulk/domain/per-registry";
import { z } from "zod";
import { bulkActionStatus } from "../bulk-action.ts";
import { EXAMPLE_PROGRESS } from "../examples.ts";
import { brakedBy, presentBraking } from "./braked-by.ts";
import { countOf, presentTally, tally } from "./counts.ts";

/** The data of a server-sent event. */
export const progressObject = perRegistry((effects) =>
  z
    .object({
      id: z.guid().meta({ description: "The bulk action's id." }),
      status: bulkActionStatus,
      total: countOf("Number of records."),
      processed: countOf("Records that have their outcome."),
      ...tally(effects),
      braked_by: brakedBy,
    })
    .meta({
      id: "BulkActionProgress",
      description: "The progress of a bulk action. Counts never go down.",
      examples: [EXAMPLE_PROGRESS],
    }),
);

type WireProgress = z.output<ReturnType<typeof progressObject>>;

/** Returns the data of a server-sent event. */
export function presentProgress(bulkAction: BulkAction & Progress, effects: RecordEffects): WireProgress {
  return {
    id: bulkAction.id,
    status: bulkAction.status,
    total: bulkAction.recordCount,
    processed: countProcessed(bulkAction),
    ...presentTally(bulkAction, effects),
    braked_by: presentBraking(bulkAction.braked),
  };
}
