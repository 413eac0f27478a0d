import { randomUUID } from "node:crypto";
import { RequestError } from "@bulk/domain/errors/request-error";
import { createWebhookEndpoint as storeWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { presentWebhookEndpoint, webhookEndpointWithSecret } from "@bulk/wire/webhook-endpoint";
import type { ApiContext, Endpoint } from "../context.ts";
import { webhookEndpointBodies } from "./webhook-endpoint-body.ts";
import { newWebhookSecret } from "./webhook-secret.ts";

/** How many endpoints an account may have. */
const MOST_ENDPOINTS = 10;

/** `POST /v1/webhook_endpoints` */
export function createWebhookEndpoint(context: ApiContext): Endpoint {
  const body = webhookEndpointBodies(context).create;
  return {
    operation: {
      id: "createWebhookEndpoint",
      summary: "Register a webhook endpoint",
      description:
        "Events are posted to the URL from now on, each at least once. Respond with a 2xx within ten " +
        "seconds, and ignore an event whose `id` you have already processed. Any other response is " +
        "retried, up to ten attempts in 24 hours. Only this response and that of a change contain the " +
        `signing secret. An account may have ${MOST_ENDPOINTS} endpoints.`,
      body: body.schema,
      response: webhookEndpointWithSecret,
      refusals: ["invalid"],
    },
    async respond({ caller, body: sent }) {
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
