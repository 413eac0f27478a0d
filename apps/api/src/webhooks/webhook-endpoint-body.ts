import { listRecordEvents } from "@bulk/domain/bulk-actions/record-effect";
import { BASE_EVENT_NAMES } from "@bulk/domain/webhooks/base-event-names";
import { FINISHED_EVENT_TYPE, RECORD_EVENTS } from "@bulk/domain/webhooks/webhook-event";
import { findTargetFault, type TargetPolicy } from "@bulk/webhooks/target";
import { EXAMPLE_ENDPOINT_CHANGE, EXAMPLE_NEW_ENDPOINT } from "@bulk/wire/examples";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { openEnvelope } from "../http/input/envelope.ts";
import { fault, validate } from "../http/input/validate.ts";

/** Returns the schemas and parsers of the bodies that register and change a webhook endpoint. */
export function webhookEndpointBodies({ config, registry }: Pick<ApiContext, "config" | "registry">) {
  const { url, webhook_events, description, enabled, destination, record_events } = attributes(
    { allowsLoopback: config.WEBHOOK_ALLOW_LOOPBACK },
    listRecordEvents(registry),
  );
  const created = z
    .strictObject({
      url,
      webhook_events: webhook_events.default([FINISHED_EVENT_TYPE]),
      description: description.default(null),
      enabled: enabled.default(true),
      destination: destination.default(null),
      record_events: record_events.optional(),
    })
    .transform(({ record_events: asked, ...rest }) => ({
      ...rest,
      record_events: asked ?? (rest.destination === "wordpress" ? "single" : "list"),
    }));
  const changed = z
    .strictObject({ url, webhook_events, description, enabled, destination, record_events })
    .partial()
    .meta({ description: "Attributes that are left out stay unchanged." });
  return {
    create: bodyOf("NewWebhookEndpoint", created, EXAMPLE_NEW_ENDPOINT),
    update: bodyOf("WebhookEndpointChange", changed, EXAMPLE_ENDPOINT_CHANGE),
  };
}

function bodyOf<Attributes extends z.ZodType>(id: string, attributesSchema: Attributes, example: object) {
  const examples = [{ webhook_endpoint: example }];
  return {
    schema: z.strictObject({ webhook_endpoint: attributesSchema }).meta({ id, examples }),
    /** Throws `malformed` without the envelope, and `invalid` with the faults of its content. */
    parse(body: unknown): z.output<Attributes> {
      return validate("webhook_endpoint", attributesSchema, openEnvelope("webhook_endpoint", body));
    },
  };
}

function attributes(policy: TargetPolicy, recordEvents: readonly string[]) {
  return {
    url: text(2_048)
      .min(1)
      .superRefine((url, context) => {
        const message = findTargetFault(url, policy);
        if (message !== undefined) context.addIssue(fault("invalid", message));
      })
      .meta({
        description:
          "The URL that receives the events: `https://`, a public address, the default port or one from 1024 " +
          "on, no credentials. Redirects are not followed.",
        example: "https://shop.example/hooks/bulk_actions",
      }),
    webhook_events: z
      .array(z.enum([...new Set([FINISHED_EVENT_TYPE, ...recordEvents, ...BASE_EVENT_NAMES])]))
      .min(1)
      .max(200)
      .transform((types) => [...new Set(types)])
      .meta({
        description:
          `Which events to send. \`${FINISHED_EVENT_TYPE}\`: a bulk action reached its terminal status. ` +
          `${recordEvents.map((type) => `\`${type}\``).join(", ")}: a bulk action that has ended changed records ` +
          "of this kind in this way. The other names of the base contract are stored and returned, so that its " +
          "clients can register their usual list; nothing is sent for them.",
      }),
    destination: text(100).nullable().meta({
      description:
        "The kind of receiver, returned unchanged. The base contract's WordPress client sends `wordpress`.",
    }),
    record_events: z.enum(RECORD_EVENTS).meta({
      description:
        "How events about records are sent. `list`: one event per chunk (1,000 records unless the operator " +
        "configures otherwise), one request after the other. `single`: one event per record, as in the base " +
        "contract, up to four requests at a time over connections that are kept open; 100,000 records are " +
        "100,000 requests. Default: `single` if `destination` is `wordpress`, whose client ignores lists, " +
        "otherwise `list`.",
    }),
    description: text(500).nullable().meta({
      description: "A free text.",
    }),
    enabled: z.boolean().meta({
      description:
        "Whether events are sent. Disabling fails pending deliveries, and no deliveries are recorded until " +
        "the endpoint is enabled again.",
    }),
  };
}

// PostgreSQL's type `text` cannot hold a NUL.
function text(most: number) {
  return z
    .string()
    .max(most, `is too long (at most ${most} characters)`)
    .refine((value) => !value.includes("\0"), "must not contain a NUL");
}
