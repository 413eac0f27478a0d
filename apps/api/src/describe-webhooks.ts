import { TEST_EVENT_TYPE } from "@bulk/domain/webhook-event";
import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import {
  EXAMPLE_COUNTS,
  EXAMPLE_DETAILS,
  EXAMPLE_ENDPOINT,
  EXAMPLE_IDS,
  EXAMPLE_NEW_BULK_ACTION,
  exampleBulkAction,
  exampleEvent,
} from "./examples.ts";
import { bulkActionDetails, bulkActionObject, tally, unixSeconds } from "./wire.ts";

/** What receivers are sent: the `webhooks` of the reference, by the type of the event. */
export function describeWebhooks(): ZodOpenApiPathsObject {
  const { record_ids, skipped_record_ids, ...finished } = exampleBulkAction("succeeded");
  const { processed: _, ...counts } = EXAMPLE_COUNTS;
  return {
    "bulk_action.finished": describe("A bulk action has ended", FINISHED, eventOf(finishedBulkAction), {
      type: "bulk_action.finished",
      object: { ...finished, ...counts, details: EXAMPLE_DETAILS },
    }),
    "product.deleted": describeDeleted("product"),
    "customer.deleted": describeDeleted("customer"),
    [TEST_EVENT_TYPE]: describe("An endpoint is tried", TRIED, eventOf(testedEndpoint), {
      type: TEST_EVENT_TYPE,
      object: { id: EXAMPLE_IDS.webhook_endpoints, object: "webhook_endpoint", url: EXAMPLE_ENDPOINT.url },
    }),
  };
}

const FINISHED =
  "With `details`, of which `outcome` tells a cancel from failures. Without `record_ids` and `skipped_record_ids`, which " +
  "are 4 MB for 100,000 ids: retrieve the bulk action, or list its records, where you need them.";

const TRIED = "Sent on request only, whatever the endpoint subscribes to.";

function eventOf(object: z.ZodType) {
  return z.object({
    id: z.guid().meta({ description: "The same for every endpoint, and whenever it is sent again." }),
    object: z.literal("event"),
    type: z.string(),
    account: z.guid(),
    created_at: unixSeconds,
    data: z.object({ object }),
  });
}

const { id, object, action_type, created_at, updated_at } = bulkActionObject.shape;

const finishedBulkAction = z.object({
  ...{ id, object, action_type },
  status: z.enum(["succeeded", "completed", "invalid"]),
  ...{ created_at, updated_at },
  total: z.int().nonnegative().meta({ description: "As in `details`, like the next three." }),
  ...tally,
  details: bulkActionDetails,
});

const testedEndpoint = z.object({
  id: z.guid(),
  object: z.literal("webhook_endpoint"),
  url: z.string(),
});

function describeDeleted(kind: string) {
  const record = z.object({ id: z.guid(), object: z.literal(kind) });
  const list = z.object({
    object: z.literal("list"),
    bulk_action: z.guid(),
    data: z.array(record).min(1).meta({ description: "Those of one chunk, in the order submitted." }),
  });
  const description =
    "Once the bulk action that deleted them has ended. `data.object` is a record where the endpoint's `record_events` is " +
    "`single`, and a list of them where it is `list`.";
  const [id] = EXAMPLE_NEW_BULK_ACTION.record_ids;
  return describe("Records were deleted", description, eventOf(z.union([record, list])), {
    type: `${kind}.deleted`,
    object: { id, object: kind },
  });
}

function describe(
  summary: string,
  description: string,
  schema: z.ZodType,
  { type, object }: { readonly type: string; readonly object: object },
): { readonly post: ZodOpenApiOperationObject } {
  return {
    post: {
      operationId: type.replaceAll(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()),
      ...{ summary, description, tags: ["Webhook endpoints"] },
      // Signed by us, not by a token of the receiver's.
      security: [],
      requestParams: { header: SIGNATURES },
      requestBody: {
        required: true,
        content: { "application/json": { schema, example: exampleEvent(type, object) } },
      },
      responses: {
        "2XX": { description: "Taken. Everything else, and no answer within ten seconds, is tried again." },
        "410": { description: "No more, for ever: disables the endpoint." },
      },
    },
  };
}

const SIGNATURES = z.object({
  "webhook-id": z.guid().meta({ description: "The event's `id`." }),
  "webhook-timestamp": z.string().meta({ description: "When it was sent, in Unix seconds." }),
  "webhook-signature": z.string().meta({
    description:
      "By [Standard Webhooks](https://www.standardwebhooks.com); several, with spaces between them.",
  }),
  "x-webhook-timestamp": z.string().meta({ description: "The same as `webhook-timestamp`." }),
  "x-webhook-signature": z.string().meta({
    description: "Hexadecimal HMAC-SHA256 of `<x-webhook-timestamp>.<body>`, keyed with the signing secret.",
  }),
});
