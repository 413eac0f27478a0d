import type { Progress } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { perRegistry } from "@bulk/domain/per-registry";
import type { ListedIds } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import type { IdsJson } from "@bulk/store/record-ids/ids-json";
import { z } from "zod";
import { bulkActionDetails } from "./details.ts";
import { exampleBulkAction } from "./examples.ts";
import { moment, toUnixSeconds } from "./moment.ts";

export const bulkActionStatus = z.enum(["pending", "processing", "succeeded", "completed", "invalid"]).meta({
  description:
    "`pending`: not yet begun. `processing`: in progress. `succeeded`: the action applied to at least one record, and " +
    "nothing is left to do: every other id is unknown in the account or was already as the action leaves it. " +
    "`completed`: ended, and some records may be left: in use, failed, or not attempted because of a cancel. " +
    "`invalid`: the action applied to none of the ids, all were skipped.",
});

/** The bulk action of the base contract: exactly eight keys. `expand[]=details` adds `details`. */
export const bulkActionObject = perRegistry((effects) =>
  z
    .object({
      id: z.guid(),
      object: z.literal("bulk_action"),
      action_type: z.string(),
      record_ids: z
        .array(z.string())
        .readonly()
        .meta({
          description:
            "As submitted, in order, duplicates dropped. Integers are strings, too. Empty if there are more than the server " +
            "takes in a JSON body (`MAX_RECORD_IDS`, by default 100,000), as files and filters may have: then `/records` has " +
            "them.",
        }),
      skipped_record_ids: z.array(z.string()).readonly().meta({
        description: "The ids skipped so far, in the order submitted. Empty where `record_ids` is.",
      }),
      status: bulkActionStatus,
      created_at: moment,
      updated_at: moment,
      details: bulkActionDetails(effects).optional().meta({ description: "Only with `expand[]=details`." }),
    })
    .meta({ id: "BulkAction", examples: [exampleBulkAction("succeeded")] }),
);

/** The keys that `fields` can name. */
export const BULK_ACTION_FIELDS = [
  "id",
  "object",
  "action_type",
  "record_ids",
  "skipped_record_ids",
  "status",
  "created_at",
  "updated_at",
] as const;

const sparseBulkAction = perRegistry((effects) =>
  bulkActionObject(effects)
    .partial()
    .required({ id: true, object: true })
    .meta({ id: "SparseBulkAction", description: "A bulk action with the keys that `fields` names." }),
);

export type WireSparseBulkAction = z.output<ReturnType<typeof sparseBulkAction>>;

/** The body of every endpoint that returns one bulk action: all keys, or those that `fields` names. */
export const bulkActionResponse = perRegistry((effects) =>
  z.union([bulkActionObject(effects), sparseBulkAction(effects)]),
);

/** A bulk action for `writeJson`, with the keys that the caller wants to see. */
export type PresentedBulkAction = Omit<WireSparseBulkAction, "record_ids" | "skipped_record_ids"> & {
  readonly record_ids?: IdsJson | undefined;
  readonly skipped_record_ids?: IdsJson | undefined;
};

/** Returns the eight keys of the base contract, in its order; without ids if the bulk action comes without. */
export function presentBulkAction(
  bulkAction: BulkAction & Progress & Partial<ListedIds>,
): PresentedBulkAction {
  return {
    id: bulkAction.id,
    object: "bulk_action",
    action_type: bulkAction.actionType,
    record_ids: bulkAction.recordIds,
    skipped_record_ids: bulkAction.skippedIds,
    status: bulkAction.status,
    created_at: toUnixSeconds(bulkAction.createdAt),
    updated_at: toUnixSeconds(bulkAction.updatedAt),
  };
}
