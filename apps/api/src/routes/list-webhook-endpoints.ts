import { listWebhookEndpoints as readWebhookEndpoints } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { presentPage } from "../present.ts";
import { presentWebhookEndpoint } from "../present-webhook.ts";
import { pageQuery, readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { listOf, webhookEndpointObject } from "../wire.ts";

/** `GET /v1/webhook_endpoints` */
export function listWebhookEndpoints({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listWebhookEndpoints",
      summary: "List webhook endpoints",
      description: "The account's own, newest first.",
      query: pageQuery,
      answer: listOf(webhookEndpointObject, PATH),
      refusals: ["invalid"],
    },
    async answer({ caller, query }) {
      const { limit, page } = validate("webhook_endpoint", pageQuery, readQuery(query));
      const { count, endpoints } = await readWebhookEndpoints(database, caller.accountId, { limit, page });
      const pagination = { count, limit, page, url: PATH };
      return { kind: "json", body: presentPage(pagination, endpoints.map(presentWebhookEndpoint)) };
    },
  };
}

const PATH = "/v1/webhook_endpoints";
