import type { BulkActionWithRecords } from "@bulk/store/bulk-actions";
import { z } from "zod";
import { presentBulkAction, presentDetails } from "./present.ts";
import type { WireBulkAction } from "./wire.ts";

/** The query of every endpoint that answers bulk actions: what shall be in them beside the eight keys. */
export const expandQuery = z.object({
  expand: z
    .array(z.enum(["details"]))
    .optional()
    .meta({
      description:
        "`details` adds one key of this name: counts, outcome, moments and origin of a bulk action.",
    }),
});

export type Expand = z.output<typeof expandQuery>["expand"];

/** The wire object, with what the caller wants to have beside the eight keys. */
export function presentExpanded(
  bulkAction: BulkActionWithRecords,
  expand: Expand,
  retentionDays: number,
): WireBulkAction {
  const presented = presentBulkAction(bulkAction);
  if (!wantsDetails(expand)) return presented;
  return { ...presented, details: presentDetails(bulkAction, retentionDays) };
}

export function wantsDetails(expand: Expand): boolean {
  return expand?.includes("details") === true;
}
