import { ACTION_OUTCOMES } from "@bulk/domain/action-outcome";
import { RECORD_OUTCOMES } from "@bulk/domain/outcome";
import { z } from "zod";
import {
  EXAMPLE_DELIVERY,
  EXAMPLE_ENDPOINT,
  EXAMPLE_ENDPOINT_CHANGE,
  EXAMPLE_PREVIEW,
  EXAMPLE_PROGRESS,
  EXAMPLE_RECORDS,
  EXAMPLE_SECRET,
  exampleBulkAction,
} from "./examples.ts";

/* The objects that go over the wire, as zod schemas: what `present.ts` writes and the reference shows. */

export const unixSeconds = z.int().nonnegative().meta({ description: "Whole seconds since 1970, UTC." });

export const bulkActionStatus = z.enum(["pending", "processing", "succeeded", "completed", "invalid"]).meta({
  description:
    "`pending`: not yet begun. `processing`: under way. `succeeded`: at least one record was deleted, and none of " +
    "the others exists in the account. `completed`: ended, and some records may be left: in use, failed, or not " +
    "attempted because of a cancel. `invalid`: the action applied to none of the ids, all were skipped.",
});

/** How many of something. */
function countOf(description: string) {
  return z.int().nonnegative().meta({ description });
}

/** What became of records, in numbers. */
export const tally = {
  deleted: countOf("Records the action was applied to."),
  skipped: countOf("Records it does not apply to."),
  failed: countOf("Records it does apply to, but that could not be changed."),
};

const createdBy = z
  .object({ object: z.literal("token"), id: z.guid(), name: z.string() })
  .nullable()
  .meta({ description: "The token it was submitted with; null when that is not there any more." });

/** What `expand[]=details` adds. */
export const bulkActionDetails = z
  .object({
    outcome: z
      .enum(ACTION_OUTCOMES)
      .nullable()
      .meta({
        description:
          "What `status` says, more exactly; null while it is open. `completed` is one of three here: `canceled` " +
          "(by a cancel, with records untouched), `partial` (some records were deleted, not all), `failed` (none was).",
      }),
    total: countOf("How many records it is about."),
    processed: countOf("Deleted, skipped and failed together. No count ever goes down."),
    ...tally,
    not_attempted: countOf("Records that were untouched when it ended; 0 while it is open."),
    started_at: unixSeconds.nullable(),
    finished_at: unixSeconds.nullable(),
    last_progress_at: unixSeconds.nullable().meta({ description: "When a record last got its outcome." }),
    cancel_requested_at: unixSeconds.nullable(),
    retry_of: z.guid().nullable().meta({ description: "The bulk action whose records it takes up again." }),
    created_by: createdBy,
    expires_at: unixSeconds.nullable().meta({
      description: "From then on it may be gone, and its records' outcomes with it; null while it is open.",
    }),
  })
  .meta({ id: "BulkActionDetails" });

export type WireDetails = z.output<typeof bulkActionDetails>;

/** The base contract's object: exactly eight keys, and `details` for whoever asks for them. */
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
    details: bulkActionDetails.optional().meta({ description: "Only with `expand[]=details`." }),
  })
  .meta({ id: "BulkAction", examples: [exampleBulkAction("succeeded")] });

export type WireBulkAction = z.output<typeof bulkActionObject>;

/** The keys that `fields` can name. */
export const BULK_ACTION_FIELDS = [
  ...(["id", "object", "action_type", "record_ids", "skipped_record_ids"] as const),
  ...(["status", "created_at", "updated_at"] as const),
] as const;

/** What is left of it with `fields`. */
const sparseBulkAction = bulkActionObject
  .partial()
  .required({ id: true, object: true })
  .meta({ id: "SparseBulkAction", description: "A bulk action with the keys that `fields` names." });

export type WireSparseBulkAction = z.output<typeof sparseBulkAction>;

/** What endpoints answer: all keys, unless `fields` names some. */
export const bulkActionAnswer = z.union([bulkActionObject, sparseBulkAction]);

/** The data of an event. */
export const progressObject = z
  .object({
    id: z.guid().meta({ description: "The bulk action's." }),
    status: bulkActionStatus,
    total: countOf("How many records it is about."),
    processed: countOf("How many have their outcome: deleted, skipped and failed."),
    ...tally,
  })
  .meta({
    id: "BulkActionProgress",
    description: "How far a bulk action has come; counts never go down.",
    examples: [EXAMPLE_PROGRESS],
  });

export type WireProgress = z.output<typeof progressObject>;

/** What a bulk action would do now. */
export const bulkActionPreview = z
  .object({
    object: z.literal("bulk_action_preview"),
    action_type: z.string().meta({ example: "delete_products" }),
    total: countOf("How many ids were sent, duplicates dropped."),
    applicable: countOf("How many of them the action would apply to."),
    skipped: countOf("How many of them it would skip."),
    reasons: z
      .array(
        z.object({
          code: z.string().meta({
            example: "record.in_use",
            description: "Why records would be skipped, for programs.",
          }),
          message: z.string().meta({ description: "The same for people." }),
          count: countOf("How many records it is the reason for."),
        }),
      )
      .readonly()
      .meta({ description: "Most frequent first; their counts add up to `skipped`." }),
    warnings: z
      .array(
        z.object({
          code: z.string().meta({
            example: "database.trigger",
            description:
              "What may decide otherwise than the action, for programs: `database.trigger`, `database.rule`, " +
              "`database.policy`. More may be added.",
          }),
          message: z.string().meta({ description: "The same for people." }),
        }),
      )
      .readonly()
      .meta({
        description:
          "Rules of the database that a preview cannot try. Usually empty. Records they keep are skipped as `record.kept`.",
      }),
  })
  .meta({ id: "BulkActionPreview", examples: [EXAMPLE_PREVIEW] });

export type WirePreview = z.output<typeof bulkActionPreview>;

/** What became of one id of a bulk action. */
export const bulkActionRecord = z
  .object({
    object: z.literal("bulk_action_record"),
    record_id: z.guid(),
    position: z.int().nonnegative().meta({ description: "Its index in `record_ids`, from 0." }),
    outcome: z.enum(RECORD_OUTCOMES).meta({
      description:
        "`pending`: no outcome yet. `not_attempted`: untouched, and the bulk action has ended. The others are final.",
    }),
    code: z
      .string()
      .nullable()
      .meta({
        description:
          "Why it was not deleted, for programs: `record.not_found`, `record.in_use`, `record.kept` (skipped), " +
          "`record.locked`, `record.timeout`, `record.conflict`, `record.internal_error` (failed), `record.not_attempted`. More may be " +
          "added. Null when it was deleted or is pending.",
      }),
    message: z.string().nullable().meta({ description: "The same for people; its words may change." }),
    retriable: z.boolean().meta({ description: "Whether the id may succeed in another bulk action." }),
  })
  .meta({ id: "BulkActionRecord", examples: [...EXAMPLE_RECORDS] });

export type WireRecord = z.output<typeof bulkActionRecord>;

/**
 * Many of them, one a line. Text, as that is what every generated client can be sure of: OpenAPI 3.1 has no word for a
 * sequence of JSON texts, and a client that reads "one record" instead parses the whole body as one.
 */
export const bulkActionRecordLines = z.string().meta({
  description:
    "One `BulkActionRecord` as JSON a line, each ended by a line feed (NDJSON). Parse line by line.",
  examples: [EXAMPLE_RECORDS.map((record) => `${JSON.stringify(record)}\n`).join("")],
});

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
      .meta({
        description:
          "The faults of the body or the query, 50 at most, 20 of them about ids; `message` says how many more there " +
          "are. Empty unless it is a 422.",
      }),
    request_id: z.string().meta({ description: "As in `Request-Id`: by it our logs know the request." }),
  })
  .meta({ id: "ApiError" });

const pagination = z.object({
  count: countOf("How many there are in all."),
  limit: z.int(),
  page: z.int().meta({ description: "Counts from 1." }),
  url: z.string(),
});

export type Pagination = z.output<typeof pagination>;

const cursorPagination = pagination.extend({
  page: pagination.shape.page.nullable().meta({ description: "Counts from 1; null with `after`." }),
  next_cursor: z.string().nullable().meta({
    description: "Send it as `after` for what follows; null when nothing does.",
  }),
});

export type CursorPagination = z.output<typeof cursorPagination>;

/** A page of objects of one kind; the examples of that are what is on the example of it. */
export function listOf<Item extends z.ZodType>(item: Item, url: string) {
  return describeList(item, pagination, { limit: 20, page: 1, url });
}

/** The same of a list that can be read by cursor. */
export function cursorListOf<Item extends z.ZodType>(item: Item, url: string) {
  return describeList(item, cursorPagination, { limit: 20, page: 1, url, next_cursor: null });
}

function describeList<Item extends z.ZodType, Pages extends z.ZodType>(
  item: Item,
  pages: Pages,
  page: object,
) {
  const { examples: data = [] } = item.meta() ?? {};
  const example = { object: "list", pagination: { count: data.length, ...page }, data };
  return z
    .object({ object: z.literal("list"), pagination: pages, data: z.array(item) })
    .meta({ examples: [example] });
}

/** Where the account receives events; the secret is not among its keys. */
export const webhookEndpointObject = z
  .object({
    id: z.guid(),
    object: z.literal("webhook_endpoint"),
    url: z.string(),
    description: z.string().nullable(),
    enabled: z.boolean().meta({
      description: "Whether events are sent; becomes false when the receiver answers 410.",
    }),
    webhook_events: z.array(z.string()).readonly().meta({ description: "As registered." }),
    destination: z.string().nullable().meta({ description: "As registered." }),
    record_events: z.string().meta({
      description: "How deleted records come: `list` or `single`.",
    }),
    previous_secret_expires_at: unixSeconds.nullable().meta({
      description: "Until when the secret before the last rotation signs as well; null: none does.",
    }),
    created_at: unixSeconds,
    updated_at: unixSeconds,
  })
  .meta({ id: "WebhookEndpoint", examples: [EXAMPLE_ENDPOINT] });

export type WireWebhookEndpoint = z.output<typeof webhookEndpointObject>;

/** An endpoint together with its secret, for whoever may change it. */
export const webhookEndpointWithSecret = webhookEndpointObject
  .extend({
    signing_secret: z.string().meta({
      description:
        "Answered to writes only. Verify requests with a Standard Webhooks library (`webhook-signature`), or compare " +
        "`x-webhook-signature` with the hexadecimal HMAC-SHA256 of `<x-webhook-timestamp>.<body>`, keyed with " +
        "this text as it is.",
    }),
  })
  .meta({
    id: "WebhookEndpointWithSecret",
    examples: [{ ...EXAMPLE_ENDPOINT, signing_secret: EXAMPLE_SECRET }],
  });

/** The same after a change: the secret may have been sealed with a key that this server does not have. */
export const changedWebhookEndpoint = webhookEndpointObject
  .extend({
    signing_secret: z.string().nullable().meta({
      description:
        "The current one, unchanged. Null: this server's `WEBHOOK_SECRET_KEY` cannot open it; rotate it.",
    }),
  })
  .meta({
    id: "ChangedWebhookEndpoint",
    examples: [{ ...EXAMPLE_ENDPOINT, ...EXAMPLE_ENDPOINT_CHANGE, signing_secret: EXAMPLE_SECRET }],
  });

export const deletedWebhookEndpoint = z
  .object({ id: z.guid(), object: z.literal("webhook_endpoint"), deleted: z.literal(true) })
  .meta({
    id: "DeletedWebhookEndpoint",
    examples: [{ id: EXAMPLE_ENDPOINT.id, object: "webhook_endpoint", deleted: true }],
  });

/** What one endpoint is told of one event. */
export const webhookDeliveryObject = z
  .object({
    id: z.guid(),
    object: z.literal("webhook_delivery"),
    webhook_endpoint: z.guid(),
    type: z.string().meta({ description: "Of the event." }),
    bulk_action: z.guid().nullable().meta({ description: "What it tells of; null for a test." }),
    status: z.enum(["pending", "succeeded", "failed"]).meta({
      description: "`failed`: given up, after ten attempts over a day or because the endpoint was disabled.",
    }),
    attempts: countOf(
      "Requests sent, each page and repetition counted; of an endpoint with `single` record events, rounds of them.",
    ),
    last_response_code: z.int().nullable().meta({ description: "null: the last attempt had no answer." }),
    last_error: z
      .string()
      .nullable()
      .meta({
        description:
          "Why there was none: `timeout`, `dns_failed` (the name could not be resolved), `connection_failed`, " +
          "`invalid_answer` (not HTTP, or no end of interim answers), `target_refused` (not a public address), " +
          "`endpoint_disabled`, `secret_unreadable`.",
      }),
    last_attempt_at: unixSeconds.nullable(),
    next_attempt_at: unixSeconds.nullable(),
    created_at: unixSeconds,
    finished_at: unixSeconds.nullable(),
  })
  .meta({ id: "WebhookDelivery", examples: [EXAMPLE_DELIVERY] });

export type WireWebhookDelivery = z.output<typeof webhookDeliveryObject>;
