import { randomBytes } from "node:crypto";
import { eventually } from "../support/eventually.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import type { Bench, Measurement } from "./bench.ts";
import type { BenchEngines } from "./engines.ts";
import { collect, repeat } from "./figures.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";

/** As many as one account may have. */
const ENDPOINTS = 10;

/** Deliveries per second of one worker to a receiver on this machine: to one endpoint, and to ten at once. */
export async function webhooks({ engines, sizes, say }: Bench): Promise<readonly Measurement[]> {
  const shop = await loadShop(engines, "delete_products", 0);
  await using receiver = await openWebhookReceiver();
  const runs = await repeat(sizes.runs, async () => ({
    webhooks_one_endpoint_per_second: await measure(engines, shop, receiver, 1, sizes.webhooks),
    webhooks_ten_endpoints_per_second: await measure(engines, shop, receiver, ENDPOINTS, sizes.webhooks),
  }));
  for (const [name, values] of collect(runs).map((measured) => [measured.name, measured.values] as const)) {
    say(`${name}: ${values.map((value) => value.toFixed()).join(", ")}`);
  }
  return collect(runs);
}

/** The worker starts with everything due. */
async function measure(
  engines: BenchEngines,
  shop: BenchShop,
  receiver: WebhookReceiver,
  endpoints: number,
  count: number,
): Promise<number> {
  await engines.database.query("DELETE FROM bulk.webhook_endpoints");
  await using service = await startService(engines, 0, {
    ...{ WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"), WEBHOOK_ALLOW_LOOPBACK: "true" },
  });
  for (let number = 0; number < endpoints; number += 1) await register(service, shop.token, receiver.url);
  await engines.database.query(
    `INSERT INTO bulk.webhook_deliveries (account_id, endpoint_id, event_type)
     SELECT account_id, id, 'webhook_endpoint.test'
     FROM bulk.webhook_endpoints, generate_series(1, $1::int)`,
    [Math.ceil(count / endpoints)],
  );
  await service.startWorkers(1);
  return await eventually(() => readRate(engines), 600_000);
}

async function register(service: BenchService, token: string, url: string): Promise<void> {
  const response = await service.request(token, "/v1/webhook_endpoints", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ webhook_endpoint: { url } }),
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
}

/** From the first attempt to the last end, once nothing is left. */
async function readRate({ database }: BenchEngines): Promise<number> {
  const { rows } = await database.query<{ open: number; rate: number }>(
    `SELECT count(*) FILTER (WHERE status <> 'succeeded' OR attempts <> 1)::int AS open,
            count(*) / extract(epoch FROM max(finished_at) - min(last_attempt_at))::float8 AS rate
     FROM bulk.webhook_deliveries`,
  );
  if (rows[0]?.open !== 0) throw new Error(`${rows[0]?.open} deliveries are open.`);
  return rows[0].rate;
}
