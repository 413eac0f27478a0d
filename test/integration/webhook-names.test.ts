import { createNameResolver } from "@bulk/webhooks/resolve-name";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openMuteNameServer } from "../support/mute-name-server.ts";
import { openWebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

const DELIVERIES = 5;

/** Longer than the other account's deliveries can take: whoever waited for the silence would not be seen. */
const SILENCE_MS = 60_000;

test("an account whose name server is silent keeps nobody else's webhooks waiting", async () => {
  await using server = await openMuteNameServer();
  await using receiver = await openWebhookReceiver();
  await using service = await openWebhookService({
    WEBHOOK_CONCURRENCY: "8",
    WEBHOOK_TIMEOUT_MS: String(SILENCE_MS),
  });
  const silent = await service.fillShop({}, "silent");
  for (let n = 0; n < 10; n += 1) {
    const { id } = await service.register(silent.token, `https://${n}.silent.example/hooks`);
    await service.call(silent.token, `POST /v1/webhook_endpoints/${id}/test`);
  }
  await service.startWorker({}, createNameResolver({ servers: [server.address], limitMs: SILENCE_MS }));
  // A quarter of eight places.
  await eventually(() => expect(server.asked()).toHaveLength(2), 20_000);

  // By a name as well, which this machine knows.
  const healthy = await service.fillShop({}, "healthy");
  const named = receiver.url.replace("127.0.0.1", "localhost");
  const { id } = await service.register(healthy.token, named);
  for (let n = 0; n < DELIVERIES; n += 1)
    await service.call(healthy.token, `POST /v1/webhook_endpoints/${id}/test`);
  await receiver.has(DELIVERIES);

  // All of that during the silence.
  expect(await countErrors(service, silent.accountId)).toBe(0);
  expect(server.asked()).toHaveLength(2);
  server.speak();
  await eventually(async () => expect(await countErrors(service, silent.accountId)).toBe(10), 60_000);
});

/** The account's deliveries whose name could not be resolved. */
async function countErrors({ database }: WebhookService, accountId: string): Promise<number> {
  const [{ count } = { count: 0 }] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM bulk.webhook_deliveries
     WHERE account_id = $1 AND last_error = 'dns_failed'`,
    [accountId],
  );
  return count;
}
