import { listWebhookEndpoints as readWebhookEndpoints } from "@bulk/store/webhook-endpoints";
import { z } from "zod";
import type { ApiContext, Endpoint } from "../context.ts";
import { presentWebhookEndpoint } from "../present-webhook.ts";
import { numberParameter, readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { listOf, webhookEndpointObject } from "../wire.ts";

/** `GET /v1/webhook_endpoints` */
export function listWebhookEndpoints({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listWebhookEndpoints",
      summary: "List webhook endpoints",
      description: "The account's own, newest first.",
      query: listQuery,
      answer: listOf(webhookEndpointObject),
      refusals: ["invalid"],
    },
    async answer({ caller, query }) {
      const { limit, page } = validate("webhook_endpoint", listQuery, readQuery(query));
      const { count, endpoints } = await readWebhookEndpoints(database, caller.accountId, { limit, page });
      const pagination = { count, limit, page, url: "/v1/webhook_endpoints" };
      return {
        kind: "json",
        body: { object: "list", pagination, data: endpoints.map(presentWebhookEndpoint) },
      };
    },
  };
}

const listQuery = z.object({
  limit: numberParameter(1, 100, 20),
  page: numberParameter(1, 1_000_000, 1),
});
