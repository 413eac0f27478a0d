import { z } from "zod";

/* The objects that go over the wire, as zod schemas: what `present.ts` writes and the reference shows. */

const unixSeconds = z.int().nonnegative().meta({ description: "Whole seconds since 1970, UTC." });

export const bulkActionStatus = z.enum(["pending", "processing", "succeeded", "completed", "invalid"]).meta({
  description:
    "`pending`: not yet begun. `processing`: under way. `succeeded`: no record failed and at least one was " +
    "deleted; skipped ids do not spoil it. `completed`: done, but not for all records. `invalid`: the action " +
    "applied to none of the ids.",
});

/** The base contract's object: exactly these eight keys. */
export const bulkActionObject = z
  .object({
    id: z.guid(),
    object: z.literal("bulk_action"),
    action_type: z.string().meta({ example: "delete_products" }),
    record_ids: z
      .array(z.guid())
      .readonly()
      .meta({ description: "As submitted, in order, duplicates dropped." }),
    skipped_record_ids: z.array(z.guid()).readonly().meta({
      description: "Those the action did not apply to so far, in the order submitted.",
    }),
    status: bulkActionStatus,
    created_at: unixSeconds,
    updated_at: unixSeconds,
  })
  .meta({ id: "BulkAction" });

export type WireBulkAction = z.output<typeof bulkActionObject>;

const count = z.int().nonnegative();

/** The data of an event. */
export const progressObject = z
  .object({
    id: z.guid().meta({ description: "The bulk action's." }),
    status: bulkActionStatus,
    total: count.meta({ description: "How many records it is about." }),
    processed: count.meta({ description: "How many have their outcome: deleted, skipped and failed." }),
    deleted: count,
    skipped: count,
    failed: count,
  })
  .meta({ id: "BulkActionProgress", description: "How far a bulk action has come; counts never go down." });

export type WireProgress = z.output<typeof progressObject>;
/** What a bulk action would do now. */
export const bulkActionPreview = z
  .object({
    object: z.literal("bulk_action_preview"),
    action_type: z.string().meta({ example: "delete_products" }),
    total: count.meta({ description: "How many ids were sent, duplicates dropped." }),
    applicable: count.meta({ description: "How many of them the action would apply to." }),
    skipped: count.meta({ description: "How many of them it would skip." }),
    reasons: z
      .array(
        z.object({
          code: z.string().meta({
            example: "record.in_use",
            description: "Why records would be skipped, for programs.",
          }),
          message: z.string().meta({ description: "The same for people." }),
          count: count.meta({ description: "How many records it is the reason for." }),
        }),
      )
      .readonly()
      .meta({ description: "Most frequent first; their counts add up to `skipped`." }),
  })
  .meta({ id: "BulkActionPreview" });

export type WirePreview = z.output<typeof bulkActionPreview>;

const pagination = z.object({
  count: z.int().nonnegative().meta({ description: "How many there are in all." }),
  limit: z.int(),
  page: z.int().meta({ description: "Counts from 1." }),
  url: z.string(),
});

export type Pagination = z.output<typeof pagination>;

/** A page of objects of one kind. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ object: z.literal("list"), pagination, data: z.array(item) });
}
