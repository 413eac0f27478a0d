import { pause } from "@bulk/store/operations/pauses";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAlerts } from "../support/alerts.ts";
import { openAnotherApi } from "../support/another-api.ts";
import { eventually } from "../support/eventually.ts";
import { listMetricNames } from "../support/promql.ts";
import { randomIds } from "../support/random-ids.ts";
import { readText } from "../support/repository.ts";
import { listGauges, type Sample, scrape } from "../support/scrape.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestWorker } from "../support/test-service.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

const DELETING = 'type="delete_products"';

let service: WebhookService;
let receiver: WebhookReceiver;
let worker: TestWorker;
let token: string;
/** What the API told while four ids in two chunks waited for a worker. */
let whileWaiting: readonly Sample[];

// Two ids are canceled before anybody could begin; of four, three are deleted and one is skipped.
beforeAll(async () => {
  service = await openWebhookService({ CHUNK_SIZE: "2" });
  receiver = await openWebhookReceiver();
  const shop = await service.fillShop({ products: 6, inUse: 1 });
  token = shop.token;
  const canceled = await service.submit(token, "delete_products", shop.productIds.slice(4));
  await service.call(token, `POST /v1/bulk_actions/${canceled.id}/cancel`);
  await service.register(token, receiver.url, { webhook_events: ["bulk_action.finished"] });
  const { id } = await service.submit(token, "delete_products", shop.productIds.slice(0, 4));
  whileWaiting = await scrape(service.opsUrl);
  worker = await service.startWorker();
  await service.finished(token, id);
  await receiver.has(1);
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

describe("/metrics", () => {
  test("counts what became of bulk actions and records, each where it happened", async () => {
    expect(select(await scrape(service.opsUrl), "bulk_actions_total", "bulk_records_total")).toEqual({
      [`bulk_actions_total{${DELETING},status="pending"}`]: 2,
      [`bulk_actions_total{${DELETING},status="completed"}`]: 1,
      [`bulk_records_total{${DELETING},outcome="not_attempted"}`]: 2,
    });
    await eventually(async () => {
      const samples = await scrape(worker.opsUrl);
      expect(select(samples, "bulk_actions_total", "bulk_records_total")).toEqual({
        [`bulk_actions_total{${DELETING},status="completed"}`]: 1,
        [`bulk_records_total{${DELETING},outcome="deleted"}`]: 3,
        [`bulk_records_total{${DELETING},outcome="skipped"}`]: 1,
      });
      expect(select(samples, "bulk_chunk_duration_seconds_count")).toEqual({
        [`bulk_chunk_duration_seconds_count{${DELETING}}`]: 2,
      });
      expect(select(samples, "bulk_webhook_requests_total")).toMatchObject({
        'bulk_webhook_requests_total{result="delivered"}': 1,
        'bulk_webhook_requests_total{result="given_up"}': 0,
      });
      const taken = select(samples, "bulk_turn_wait_seconds_count");
      expect(taken[`bulk_turn_wait_seconds_count{${DELETING}}`]).toBeGreaterThanOrEqual(1);
    });
  });

  test("tells how much is left and for how long, and when the worker was last active", async () => {
    expect(numberOf(whileWaiting, "bulk_unfinished_chunks")).toBe(2);
    const age = numberOf(whileWaiting, "bulk_oldest_open_action_age_seconds");
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(600);
    await eventually(async () => {
      const samples = await scrape(service.opsUrl);
      expect(numberOf(samples, "bulk_unfinished_chunks")).toBe(0);
      expect(numberOf(samples, "bulk_oldest_open_action_age_seconds")).toBe(0);
    });
    const lastActivity = numberOf(await scrape(worker.opsUrl), "bulk_worker_last_activity_timestamp_seconds");
    expect(Math.abs(Date.now() / 1000 - lastActivity)).toBeLessThan(600);
  });

  test("tells apart what is left and what no pause holds", async () => {
    await using shop = await openTestService({ CHUNK_SIZE: "2" });
    await using opened = openServiceDatabase(shop.database.url);
    const { token: caller, accountId } = await shop.fillShop({});
    const { id: bulkActionId } = await shop.submit(caller, "delete_products", randomIds(5));
    await shop.submit(caller, "delete_products", randomIds(4));
    const held = { kind: "bulk_action", accountId, actionType: "delete_products", bulkActionId } as const;
    await pause(opened.database, held, { reason: null, pausedBy: "test" });
    const samples = await scrape(shop.opsUrl);
    expect(numberOf(samples, "bulk_unfinished_chunks")).toBe(5);
    expect(numberOf(samples, "bulk_unpaused_chunks")).toBe(2);
  });

  test("has each request under its route's template, all unknown paths under one, and no id at all", async () => {
    const id = "1c0ffee0-0000-4000-8000-000000000000";
    await Promise.all(
      [`/v1/bulk_actions/${id}`, `/nothing/${id}`, `/v1/nothing?id=${id}`].map((path) =>
        service.request(token, path),
      ),
    );
    await service.request(token, `/v1/bulk_actions/${id}`, { headers: { prefer: "wait=1" } });
    await eventually(async () => {
      const samples = await scrape(service.opsUrl);
      expect(select(samples, "http_requests_total")).toMatchObject({
        'http_requests_total{method="GET",route="/v1/bulk_actions/:id",status="404"}': 2,
        'http_requests_total{method="GET",route="unknown",status="404"}': 2,
        'http_requests_total{method="POST",route="/v1/bulk_actions",status="200"}': 2,
      });
      const labels = [...samples, ...(await scrape(worker.opsUrl))].map((sample) => sample.labels).join();
      expect(labels).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
      expect(labels).not.toContain("127.0.0.1");
    });
  });

  test("is whole without the database, but for what the database would say", async () => {
    await using proxy = await openTcpProxy(service.database.url);
    await using api = await openAnotherApi(service, { DATABASE_URL: proxy.url });
    const before = await scrape(api.opsUrl);
    await proxy.cut();
    await eventually(async () => {
      const told = new Set((await scrape(api.opsUrl)).map(({ name }) => name));
      expect(before.filter(({ name }) => !told.has(name)).map(({ name }) => name)).toEqual([
        "bulk_unfinished_chunks",
        "bulk_unpaused_chunks",
        "bulk_oldest_open_action_age_seconds",
        "bulk_pauses",
      ]);
    });
    await proxy.mend();
  });
});

describe("every metric that is named", () => {
  test("in the alerts and on the dashboard is told by a running API and worker", async () => {
    const told = await listTold();
    const expressions = [...readAlerts().map(({ expr }) => expr), ...readPanels()];
    expect(expressions.length).toBeGreaterThan(30);
    expect(findUntold(expressions, told)).toEqual([]);
  });

  test.each([
    ["a metric that nobody tells", "sum(rate(bulk_records_totals[5m])) > 1", "bulk_records_totals"],
    ["the bare name of a histogram", "bulk_turn_wait_seconds", "bulk_turn_wait_seconds"],
    ["one of two", "max(bulk_unfinished_chunks) unless bulk_workers", "bulk_workers"],
  ])("%s is noticed", async (_fault, expression, name) => {
    expect(findUntold([expression], await listTold())).toEqual([name]);
  });

  test("stands in an expression that can be read", () => {
    expect(() => listMetricNames("sum(rate(bulk_records_total[5m])")).toThrow("no PromQL");
  });
});

/** The expressions of the dashboard. */
function readPanels(): readonly string[] {
  const { panels } = JSON.parse(readText("docs/operations/grafana-dashboard.json")) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** The names of all samples. What is known at times only, such as figures of the brake, is a gauge without a sample. */
async function listTold(): Promise<ReadonlySet<string>> {
  const urls = [service.opsUrl, worker.opsUrl];
  const samples = (await Promise.all(urls.map(scrape))).flat().map(({ name }) => name);
  return new Set([...samples, ...(await Promise.all(urls.map(listGauges))).flat()]);
}

function findUntold(expressions: readonly string[], told: ReadonlySet<string>): readonly string[] {
  return expressions.flatMap(listMetricNames).filter((name) => !told.has(name));
}

function select(samples: readonly Sample[], ...names: readonly string[]): Readonly<Record<string, number>> {
  const selected = samples.filter(({ name }) => names.includes(name));
  return Object.fromEntries(selected.map(({ name, labels, value }) => [name + labels, value]));
}

function numberOf(samples: readonly Sample[], name: string): number {
  return samples.find((sample) => sample.name === name)?.value ?? Number.NaN;
}
