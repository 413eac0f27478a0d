import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Beat, beat, removeGone, removeWorker } from "@bulk/store/workers/beat";
import { listLiveWorkers } from "@bulk/store/workers/live-workers";
import { readRates } from "@bulk/store/workers/rates";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { slowDown } from "../support/slow-down.ts";
import { createTestDatabase } from "../support/test-database.ts";
import { openTestService } from "../support/test-service.ts";

describe("the beat of a worker", () => {
  test("says what it runs and since when, and adds what it did to the minute", async () => {
    await using shop = await openShop();
    const { database } = shop;
    const turn = { bulkActionId: randomUUID(), actionType: "delete_products", lane: 1, ranMs: 1_500 };
    const first = describeWorker({ turns: [turn], counts: { applied: 3, skipped: 2, failed: 1 } });
    const other = describeWorker({ counts: { applied: 10, skipped: 0, failed: 0 }, pid: 2 });
    await beat(database, first);
    await beat(database, { ...first, recordsPerSecond: 7.5 });
    await beat(database, other);

    const [found] = await listLiveWorkers(database);
    expect(found).toMatchObject({ id: first.id, host: "host", pid: 1, version: "1", places: 4 });
    expect(found).toMatchObject({
      recordsPerSecond: 7.5,
      turns: [{ bulkActionId: turn.bulkActionId, lane: 1 }],
    });
    expect(Number(found?.seenAt) - Number(found?.turns[0]?.since)).toBe(1_500);
    expect(Number(found?.seenAt) - Number(found?.startedAt)).toBeGreaterThanOrEqual(60_000);
    // Unless a minute has begun meanwhile.
    const rates = await readRates(database);
    expect(sum(rates.map(({ applied }) => applied))).toBe(16);
    expect(sum(rates.map(({ skipped }) => skipped))).toBe(4);
    expect(sum(rates.map(({ failed }) => failed))).toBe(2);

    await removeWorker(database, first.id);
    expect(await listLiveWorkers(database)).toMatchObject([{ id: other.id }]);
  });

  test("is bounded, whatever a host is called and however many turns are claimed", async () => {
    await using shop = await openShop();
    const turn = { bulkActionId: randomUUID(), actionType: "delete_products", lane: 1, ranMs: 0 };
    const turns = Array.from({ length: 100 }, () => turn);
    await beat(shop.database, describeWorker({ host: "h".repeat(1_000), turns }));
    const [found] = await listLiveWorkers(shop.database);
    expect(found?.host).toHaveLength(255);
    expect(found?.turns).toHaveLength(5);
  });

  test("ends with the worker: it is listed for ten seconds, and removed by another after a minute", async () => {
    await using shop = await openShop();
    await beat(shop.database, describeWorker({ counts: { applied: 1, skipped: 0, failed: 0 } }));
    await shop.query("UPDATE bulk.workers SET seen_at = seen_at - interval '10 seconds'");
    await shop.query("UPDATE bulk.rates SET minute = minute - interval '1 hour'");
    expect(await listLiveWorkers(shop.database)).toEqual([]);
    expect(await readRates(shop.database)).toEqual([]);
    expect(await readRates(shop.database, 120)).toMatchObject([{ applied: 1 }]);
    await removeGone(shop.database);
    expect(await shop.query("SELECT FROM bulk.workers")).toHaveLength(1);

    await shop.query("UPDATE bulk.workers SET seen_at = seen_at - interval '1 minute'");
    await shop.query("UPDATE bulk.rates SET minute = minute - interval '1 hour'");
    await removeGone(shop.database);
    expect(await shop.query("SELECT FROM bulk.workers")).toEqual([]);
    expect(await shop.query("SELECT FROM bulk.rates")).toEqual([]);
  });
});

describe("a worker", () => {
  test("is there with the turns that run, not with those that wait, and gone once it has stopped", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "10", WINDOW: "4", TURN_MS: "5000" });
    await using operator = openServiceDatabase(service.database.serviceUrl);
    const { token, productIds } = await service.fillShop({ products: 200 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await slowDown(service.database, "STATEMENT", 4);
    const worker = await service.startWorker({ WORKER_CONCURRENCY: "2" });

    const [busy] = await eventually(async () => {
      const workers = await listLiveWorkers(operator.database);
      // Two have places, and the first turn needs none.
      expect(workers[0]?.turns.length).toBeGreaterThan(1);
      return workers;
    });
    expect(busy).toMatchObject({ host: hostname(), pid: process.pid, places: 2 });
    expect(busy?.turns.length).toBeLessThanOrEqual(3);
    for (const turn of busy?.turns ?? []) {
      expect(turn).toMatchObject({ bulkActionId: id, actionType: "delete_products" });
      expect(Number(turn.since)).toBeGreaterThanOrEqual(Number(busy?.startedAt));
    }
    await service.database.query("DROP TRIGGER be_slow ON products");
    await service.finished(token, id);
    await worker.stop();
    expect(await listLiveWorkers(operator.database)).toEqual([]);
  });

  test("has told what became of every record when it has stopped", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "10" });
    await using operator = openServiceDatabase(service.database.serviceUrl);
    const { token, productIds } = await service.fillShop({ products: 500, inUse: 20 });
    const workers = [await service.startWorker(), await service.startWorker()];
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.finished(token, id);
    for (const worker of workers) await worker.stop();

    const rates = await readRates(operator.database);
    expect(sum(rates.map(({ applied }) => applied))).toBe(480);
    expect(sum(rates.map(({ skipped }) => skipped))).toBe(20);
  });

  test("works on when its beats are refused", async () => {
    await using service = await openTestService();
    await service.database.query("DROP TABLE bulk.workers, bulk.rates");
    const { token, productIds } = await service.fillShop({ products: 20 });
    const worker = await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
    await worker.stop();
  });
});

function describeWorker(parts: Partial<Beat>): Beat {
  return {
    ...{ id: randomUUID(), host: "host", pid: 1, version: "1", ranMs: 60_000, places: 4 },
    ...{ recordsPerSecond: 0, turns: [], counts: { applied: 0, skipped: 0, failed: 0 } },
    ...parts,
  };
}

async function openShop() {
  const shop = await createTestDatabase();
  const service = openServiceDatabase(shop.serviceUrl);
  return {
    database: service.database,
    query: shop.query,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await shop.dispose();
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
