import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { z } from "zod";
import { moment, toUnixSecondsOrNull } from "../moment.ts";
import { countOf } from "./counts.ts";

/** The keys of `details` about restores. */
export const restoreDetails = {
  restore_of: z
    .guid()
    .nullable()
    .meta({ description: "The bulk action whose records this one brings back." }),
  restorable_until: moment.nullable().meta({
    description:
      "Until when it can be restored. Null: it cannot be, because its action cannot be taken back, nothing was kept, or " +
      "what was kept is purged.",
  }),
  restored: countOf(
    "Of a restore: records that it brought back. Of any other: how many of its records restores have brought back.",
  ),
};

/** Returns these keys of a bulk action that is no restore; of a restore, `restored` is another count. */
export function presentRestoring({ restoreOfId, restorableUntil, restoredCount }: BulkAction) {
  return {
    restore_of: restoreOfId,
    restorable_until: toUnixSecondsOrNull(restorableUntil),
    restored: restoredCount,
  };
}
