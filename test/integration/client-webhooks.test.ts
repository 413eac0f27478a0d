import { createClient } from "bulk-actions-client";
import { WebhookVerificationError } from "bulk-actions-client/errors";
import { verifyWebhook } from "bulk-actions-client/webhooks";
import { expect, test } from "vitest";
import { openWebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService } from "../support/webhook-service.ts";

test("a webhook of the service is verified and typed, and a changed, old or foreign one is refused", async () => {
  await using service = await openWebhookService();
  await using receiver = await openWebhookReceiver();
  const { token, productIds } = await service.fillShop({ products: 3 });
  const endpoint = await service.register(token, receiver.url, { webhook_events: ["bulk_action.finished"] });
  await service.startWorker();
  const { bulkActions } = createClient({ url: service.url, token });
  const { id } = await bulkActions.create({ action_type: "delete_products", record_ids: productIds });
  const [request] = await receiver.has(1);
  if (request === undefined) throw new Error("There is no request.");

  const event = await verifyWebhook(request, ["whsec_b3RoZXI=", endpoint.signing_secret]);
  if (event.type !== "bulk_action.finished") throw new Error(`This is ${event.type}.`);
  expect(event.data.object).toMatchObject({ id, details: { outcome: "succeeded", deleted: 3 } });
  const bytes = { ...request, body: new TextEncoder().encode(request.body) };
  expect(await verifyWebhook(bytes, endpoint.signing_secret)).toEqual(event);

  const secret = endpoint.signing_secret;
  const refusals: readonly Parameters<typeof verifyWebhook>[] = [
    [{ ...request, body: request.body.replace(id, "") }, secret],
    [request, "whsec_b3RoZXI="],
    [request, secret, { now: Date.now() + 600_000 }],
    [{ ...request, headers: { ...request.headers, "webhook-signature": "v1,! v1," } }, secret],
    [{ ...request, headers: new Headers() }, secret],
  ];
  for (const refused of refusals) {
    await expect(verifyWebhook(...refused)).rejects.toThrow(WebhookVerificationError);
  }
});
