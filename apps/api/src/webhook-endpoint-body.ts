import { BASE_EVENT_NAMES } from "@bulk/domain/base-event-names";
import { RECORD_EVENTS, WEBHOOK_EVENT_TYPES } from "@bulk/domain/webhook-event";
import { findTargetFault, type TargetPolicy } from "@bulk/webhooks/target";
import { z } from "zod";
import type { ApiContext } from "./context.ts";
import { openEnvelope } from "./envelope.ts";
import { EXAMPLE_ENDPOINT_CHANGE, EXAMPLE_NEW_ENDPOINT } from "./examples.ts";
import { fault, validate } from "./validate.ts";

/** The bodies that register and change a webhook endpoint: their schemas, and the parsers. */
export function webhookEndpointBodies({ config }: Pick<ApiContext, "config">) {
  const { url, webhook_events, description, enabled, destination, record_events } = attributes({
    allowsLoopback: config.WEBHOOK_ALLOW_LOOPBACK,
  });
  const created = z
    .object({
      url,
      webhook_events: webhook_events.default(["bulk_action.finished"]),
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
    .object({ url, webhook_events, description, enabled, destination, record_events })
    .partial()
    .meta({ description: "What is left out stays as it is." });
  return {
    create: bodyOf("NewWebhookEndpoint", created, EXAMPLE_NEW_ENDPOINT),
    update: bodyOf("WebhookEndpointChange", changed, EXAMPLE_ENDPOINT_CHANGE),
  };
}

function bodyOf<Attributes extends z.ZodType>(id: string, attributesSchema: Attributes, example: object) {
  const examples = [{ webhook_endpoint: example }];
  return {
    schema: z.object({ webhook_endpoint: attributesSchema }).meta({ id, examples }),
    /** Throws `malformed` without the envelope, and `invalid` with the faults of what is in it. */
    parse(body: unknown): z.output<Attributes> {
      return validate("webhook_endpoint", attributesSchema, openEnvelope("webhook_endpoint", body));
    },
  };
}

function attributes(policy: TargetPolicy) {
  return {
    url: text(2_048)
      .min(1)
      .superRefine((url, context) => {
        const message = findTargetFault(url, policy);
        if (message !== undefined) context.addIssue(fault("invalid", message));
      })
      .meta({
        description:
          "Where events are posted: `https://`, a public address, the default port or one from 1024 on, no " +
          "credentials. Redirects are not followed.",
        example: "https://shop.example/hooks/bulk_actions",
      }),
    webhook_events: z
      .array(z.enum([...new Set([...WEBHOOK_EVENT_TYPES, ...BASE_EVENT_NAMES])]))
      .min(1)
      .max(200)
      .transform((types) => [...new Set(types)])
      .meta({
        description:
          "What to be told of. `bulk_action.finished`: a bulk action reached its terminal status. " +
          "`product.deleted`, `customer.deleted`: a bulk action that has ended deleted records of this kind. The other " +
          "names of the base contract are kept and given back, so that its clients can register what they always do; " +
          "nothing is sent for them.",
      }),
    destination: text(100).nullable().meta({
      description:
        "What the receiver is, given back as it is. The base contract's WordPress client sends `wordpress`.",
    }),
    record_events: z.enum(RECORD_EVENTS).meta({
      description:
        "How deleted records come. `list`: one event for each chunk (a thousand records, unless the operator chose " +
        "otherwise), one request after the other. `single`: one event for each record, as in the base contract, up to " +
        "four requests at a time over connections that are kept open. A hundred thousand records are a " +
        "hundred thousand requests. Left out on registration: `single` where `destination` is `wordpress`, whose " +
        "client ignores lists, otherwise `list`.",
    }),
    description: text(500).nullable().meta({
      description: "Your own words.",
    }),
    enabled: z.boolean().meta({
      description:
        "Disabling gives up what is still to be sent; nothing is recorded until it is enabled again.",
    }),
  };
}

// PostgreSQL's text holds no NUL.
function text(most: number) {
  return z
    .string()
    .max(most, `is too long (at most ${most} characters)`)
    .refine((value) => !value.includes("\0"), "must not contain a NUL");
}
