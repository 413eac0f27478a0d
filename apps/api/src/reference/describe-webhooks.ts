import { listRecordEvents, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { FINISHED_EVENT_TYPE, TEST_EVENT_TYPE } from "@bulk/domain/webhooks/webhook-event";
import {
  EXAMPLE_COUNTS,
  EXAMPLE_DETAILS,
  EXAMPLE_ENDPOINT,
  EXAMPLE_IDS,
  EXAMPLE_NEW_BULK_ACTION,
  exampleBulkAction,
  exampleEvent,
} from "@bulk/wire/examples";
import {
  changedRecords,
  eventOf,
  finishedBulkAction,
  presentShopRecord,
  presentTestedEndpoint,
  testedEndpoint,
} from "@bulk/wire/webhook-event";
import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";

/** Returns the `webhooks` of the OpenAPI document, by event type. */
export function describeWebhooks(effects: RecordEffects): ZodOpenApiPathsObject {
  const { record_ids, skipped_record_ids, ...finished } = exampleBulkAction("succeeded");
  const { processed: _, ...counts } = EXAMPLE_COUNTS;
  return {
    [FINISHED_EVENT_TYPE]: describe("A bulk action has ended", FINISHED, finishedBulkAction(effects), {
      type: FINISHED_EVENT_TYPE,
      object: { ...finished, ...counts, details: EXAMPLE_DETAILS },
    }),
    ...Object.fromEntries(listRecordEvents(effects).map((type) => [type, describeRecords(type)])),
    [TEST_EVENT_TYPE]: describe("Test event", TRIED, testedEndpoint, {
      type: TEST_EVENT_TYPE,
      object: presentTestedEndpoint(EXAMPLE_IDS.webhook_endpoints, EXAMPLE_ENDPOINT.url),
    }),
  };
}

const FINISHED =
  "Contains `details`, whose `outcome` distinguishes a cancel from failures. Does not contain `record_ids` and " +
  "`skipped_record_ids`, which have 4 MB for 100,000 ids. Retrieve the bulk action or list its records to get them.";

const TRIED =
  "Sent only on request (`testWebhookEndpoint`), to any endpoint regardless of its `webhook_events`.";

function describeRecords(type: string) {
  const [kind = "", effect] = type.split(".");
  const description =
    "Sent when the bulk action that changed them has ended. `data.object` is one record if the endpoint's " +
    "`record_events` is `single`, and a list of records if it is `list`.";
  const [id] = EXAMPLE_NEW_BULK_ACTION.record_ids;
  return describe(`Records were ${effect}`, description, changedRecords(kind), {
    type,
    object: presentShopRecord(kind, id),
  });
}

function describe(
  summary: string,
  description: string,
  subject: z.ZodType,
  { type, object }: { readonly type: string; readonly object: object },
): { readonly post: ZodOpenApiOperationObject } {
  const schema = eventOf(type, subject);
  return {
    post: {
      operationId: type.replaceAll(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()),
      summary,
      description,
      tags: ["Webhook endpoints"],
      // No token: the service signs the request.
      security: [],
      requestParams: { header: SIGNATURES },
      requestBody: {
        required: true,
        content: { "application/json": { schema, example: exampleEvent(type, object) } },
      },
      responses: {
        "2XX": {
          description: "The event is delivered. Any other response, or none within ten seconds, is retried.",
        },
        "410": { description: "Disables the endpoint. No more events are sent." },
      },
    },
  };
}

const SIGNATURES = z.object({
  "webhook-id": z.guid().meta({ description: "The event's `id`." }),
  "webhook-timestamp": z.string().meta({ description: "When it was sent, in Unix seconds." }),
  "webhook-signature": z.string().meta({
    description:
      "One or more signatures, separated by spaces, as in [Standard Webhooks](https://www.standardwebhooks.com).",
  }),
  "x-webhook-timestamp": z.string().meta({ description: "The same as `webhook-timestamp`." }),
  "x-webhook-signature": z.string().meta({
    description: "Hexadecimal HMAC-SHA256 of `<x-webhook-timestamp>.<body>`, keyed with the signing secret.",
  }),
});
