import { listWebhookEndpoints as readWebhookEndpoints } from "@bulk/store/webhooks/webhook-endpoints";
import { listOf, presentPage } from "@bulk/wire/list";
import { presentWebhookEndpoint, webhookEndpointObject } from "@bulk/wire/webhook-endpoint";
import type { ApiContext, Endpoint } from "../context.ts";
import { pageQuery, readQuery } from "../http/input/query.ts";
import { validate } from "../http/input/validate.ts";

/** `GET /v1/webhook_endpoints` */
export function listWebhookEndpoints({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listWebhookEndpoints",
      summary: "List webhook endpoints",
      description: "Lists the webhook endpoints of the account, newest first.",
      query: pageQuery,
      response: listOf(webhookEndpointObject, PATH),
      refusals: ["invalid"],
    },
    async respond({ caller, query }) {
      const { limit, page } = validate("webhook_endpoint", pageQuery, readQuery(query));
      const { count, endpoints } = await readWebhookEndpoints(database, caller.accountId, { limit, page });
      const pagination = { count, limit, page, url: PATH };
      return { kind: "json", body: presentPage(pagination, endpoints.map(presentWebhookEndpoint)) };
    },
  };
}

const PATH = "/v1/webhook_endpoints";
