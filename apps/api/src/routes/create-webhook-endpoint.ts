import { randomUUID } from "node:crypto";
import { RequestError } from "@bulk/domain/request-error";
import { createWebhookEndpoint as storeWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { presentWebhookEndpoint } from "../present-webhook.ts";
import { webhookEndpointBodies } from "../webhook-endpoint-body.ts";
import { newWebhookSecret } from "../webhook-secret.ts";
import { webhookEndpointWithSecret } from "../wire.ts";

/** How many an account may have. */
const MOST_ENDPOINTS = 10;

/** `POST /v1/webhook_endpoints` */
export function createWebhookEndpoint(context: ApiContext): Endpoint {
  const body = webhookEndpointBodies(context).create;
  return {
    operation: {
      id: "createWebhookEndpoint",
      summary: "Register a webhook endpoint",
      description:
        "From now on events are posted to its URL, each at least once: answer with a 2xx within ten seconds, and " +
        "drop an event whose `id` you have seen. What is not answered so is tried again, ten times over a day. " +
        "The signing secret is in this answer and in that of a change, never in one to a read. " +
        `An account has at most ${MOST_ENDPOINTS}.`,
      body: body.schema,
      answer: webhookEndpointWithSecret,
      refusals: ["invalid"],
    },
    async answer({ caller, body: sent }) {
      const { webhook_events: webhookEvents, record_events: recordEvents, ...attributes } = body.parse(sent);
      const id = randomUUID();
      const { secret, sealedSecret } = newWebhookSecret(context, id);
      const endpoint = await storeWebhookEndpoint(
        context.database,
        { id, accountId: caller.accountId, ...attributes, webhookEvents, recordEvents, sealedSecret },
        MOST_ENDPOINTS,
      );
      if (endpoint === undefined) throw tooMany();
      return { kind: "json", body: { ...presentWebhookEndpoint(endpoint), signing_secret: secret } };
    },
  };
}

function tooMany(): RequestError {
  return new RequestError(
    "invalid",
    "webhook_endpoint.too_many",
    `An account has at most ${MOST_ENDPOINTS} webhook endpoints. Delete one first.`,
  );
}
