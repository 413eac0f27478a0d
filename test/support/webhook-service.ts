import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { openTestService, type TestService, type TestServiceOptions } from "./test-service.ts";

/** What an endpoint looks like to its owner; the secret only when it is new. */
export type WireEndpoint = {
  readonly id: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly signing_secret: string;
};

export type WireDelivery = {
  readonly id: string;
  readonly type: string;
  readonly bulk_action: string | null;
  readonly status: string;
  readonly attempts: number;
  readonly last_response_code: number | null;
  readonly last_error: string | null;
  readonly next_attempt_at: number | null;
};

/** A test service with webhooks set up, to loopback, and what to say to it about them. */
export type WebhookService = TestService & {
  /** Sends JSON, or nothing; answers the status and the body. */
  call(token: string, request: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Registers an endpoint; throws unless the answer is 200. */
  register(token: string, url: string, attributes?: Readonly<Record<string, unknown>>): Promise<WireEndpoint>;
  /** The endpoint's log, newest first. */
  deliveries(token: string, endpointId: string): Promise<readonly WireDelivery[]>;
  /** Makes everything that waits due now, as if its pause were over. */
  endPauses(): Promise<void>;
};

export async function openWebhookService(
  environment: NodeJS.ProcessEnv = {},
  options: TestServiceOptions = {},
): Promise<WebhookService> {
  const variables = {
    WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"),
    WEBHOOK_ALLOW_LOOPBACK: "true",
    SWEEP_INTERVAL_MS: "100",
    ...environment,
  };
  const service = await openTestService(variables, options);
  async function call(token: string, request: string, body?: unknown) {
    const [method = "", path = ""] = request.split(" ");
    const response = await service.request(token, path, {
      method,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    return { status: response.status, body: await response.json() };
  }
  return {
    ...service,
    call,
    async register(token, url, attributes = {}) {
      const { status, body } = await call(token, "POST /v1/webhook_endpoints", {
        webhook_endpoint: { url, ...attributes },
      });
      expect(status, JSON.stringify(body)).toBe(200);
      return body as WireEndpoint;
    },
    async deliveries(token, endpointId) {
      const { body } = await call(token, `GET /v1/webhook_endpoints/${endpointId}/deliveries`);
      return (body as { readonly data: readonly WireDelivery[] }).data;
    },
    async endPauses() {
      await service.database.query(
        "UPDATE bulk.webhook_deliveries SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL",
      );
    },
  };
}
