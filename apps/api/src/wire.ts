import { z } from "zod";
import { exampleBulkAction } from "./examples.ts";

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
    action_type: z.string(),
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
  .meta({ id: "BulkAction", examples: [exampleBulkAction("succeeded")] });

export type WireBulkAction = z.output<typeof bulkActionObject>;

/** What a request was refused for, or what became of it on our side. */
export const errorObject = z
  .object({
    http_status: z.string().meta({ description: "The status in words." }),
    type: z.string().meta({ description: "The last part of `code`." }),
    code: z.string().meta({ description: "Stable; what a program decides by." }),
    message: z.string().meta({ description: "For people." }),
    validation_errors: z
      .array(
        z.object({
          attribute: z.string(),
          type: z.string(),
          code: z.string(),
          options: z
            .record(z.string(), z.union([z.string(), z.number(), z.array(z.string())]))
            .meta({ description: "What the message was made of, such as the limit." }),
          message: z.string().meta({ description: "Reads on from the attribute's name." }),
        }),
      )
      .meta({ description: "Every fault of the body or the query; empty unless it is a 422." }),
    request_id: z.string().meta({ description: "As in `Request-Id`: by it our logs know the request." }),
  })
  .meta({ id: "Error" });

const pagination = z.object({
  count: z.int().nonnegative().meta({ description: "How many there are in all." }),
  limit: z.int(),
  page: z.int().meta({ description: "Counts from 1." }),
  url: z.string(),
});

export type Pagination = z.output<typeof pagination>;

/** A page of objects of one kind; the example is of one with a single object. */
export function listOf<Item extends z.ZodType>(item: Item, url = "/v1/bulk_actions") {
  const example = {
    object: "list",
    pagination: { count: 1, limit: 20, page: 1, url },
    data: item.meta()?.examples ?? [],
  };
  return z
    .object({ object: z.literal("list"), pagination, data: z.array(item) })
    .meta({ examples: [example] });
}
