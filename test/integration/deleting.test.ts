import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { countReasons } from "../support/reasons.ts";
import { openTestService } from "../support/test-service.ts";

describe("a bulk action", () => {
  test("deletes products and reports those on an order line or unknown as skipped, in order", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "7" });
    await service.startWorker();
    const shop = await service.fillShop({ products: 50, inUse: 5, customers: 3 });
    const unknown = randomUUID();
    const recordIds = [unknown, ...shop.productIds];

    const submitted = await service.submit(shop.token, "delete_products", recordIds);
    const ended = await service.finished(shop.token, submitted.id);

    expect(ended.status).toBe("completed");
    expect(ended.record_ids).toEqual(recordIds);
    expect(ended.skipped_record_ids).toEqual([unknown, ...shop.inUseProductIds]);
    expect(await service.database.query("SELECT id FROM products ORDER BY id")).toEqual(
      [...shop.inUseProductIds].sort().map((id) => ({ id })),
    );
    expect(await countReasons(service.database, submitted.id)).toEqual({
      "record.in_use": 5,
      "record.not_found": 1,
    });
  });

  test("deletes customers and leaves their orders, detached", async () => {
    await using service = await openTestService();
    await service.startWorker();
    const shop = await service.fillShop({ products: 20, inUse: 20, customers: 2 });

    const { id } = await service.submit(shop.token, "delete_customers", shop.customerIds);
    const ended = await service.finished(shop.token, id);

    expect(ended).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await service.database.query("SELECT count(*)::int AS n FROM customers")).toEqual([{ n: 0 }]);
    expect(
      await service.database.query("SELECT count(*)::int AS n FROM orders WHERE customer_id IS NULL"),
    ).toEqual([{ n: 2 }]);
  });

  test("drops duplicate ids, in any case, keeping the order of the first", async () => {
    await using service = await openTestService();
    await service.startWorker();
    const { token, productIds } = await service.fillShop({ products: 2 });
    const [first = "", second = ""] = productIds;

    const submitted = await service.submit(token, "delete_products", [second, first, second.toUpperCase()]);
    const ended = await service.finished(token, submitted.id);

    expect(submitted.record_ids).toEqual([second, first]);
    expect(ended).toMatchObject({ status: "succeeded", record_ids: [second, first], skipped_record_ids: [] });
  });

  test("ends invalid when it applied to none of its ids", async () => {
    await using service = await openTestService();
    await service.startWorker();
    const { token, inUseProductIds } = await service.fillShop({ products: 2, inUse: 2 });

    const { id } = await service.submit(token, "delete_products", inUseProductIds);

    expect(await service.finished(token, id)).toMatchObject({
      status: "invalid",
      skipped_record_ids: inUseProductIds,
    });
  });

  test("never touches a record of another account or of another type", async () => {
    await using service = await openTestService();
    await service.startWorker();
    const own = await service.fillShop({ products: 1, customers: 1 });
    const foreign = await service.fillShop({ products: 3, inUse: 1, customers: 1 }, "another");
    const others = [...foreign.productIds, ...own.customerIds];

    const { id } = await service.submit(own.token, "delete_products", others);

    expect(await service.finished(own.token, id)).toMatchObject({
      status: "invalid",
      skipped_record_ids: others,
    });
    // Not even whether a foreign product is in use is told.
    expect(await countReasons(service.database, id)).toEqual({ "record.not_found": 4 });
    expect(await service.database.query("SELECT count(*)::int AS n FROM products")).toEqual([{ n: 4 }]);
  });

  test("overlapping with others deletes each id once, and exactly one of them claims it", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "50" });
    const { token, productIds } = await service.fillShop({ products: 1_000 });
    const shuffled = [productIds, [...productIds].reverse(), [...productIds].sort()];
    const ids = await Promise.all(
      shuffled.map(async (list) => (await service.submit(token, "delete_products", list)).id),
    );
    await service.startWorker({ WORKER_CONCURRENCY: "6" });
    await service.startWorker({ WORKER_CONCURRENCY: "6" });

    const ended = await Promise.all(ids.map((id) => service.finished(token, id)));

    const claims = ended.flatMap(({ record_ids, skipped_record_ids }) => {
      const skipped = new Set(skipped_record_ids);
      return record_ids.filter((id) => !skipped.has(id));
    });
    expect(claims).toHaveLength(productIds.length);
    expect(new Set(claims)).toEqual(new Set(productIds));
    for (const { status, skipped_record_ids } of ended) {
      expect(status).toBe(skipped_record_ids.length === productIds.length ? "invalid" : "succeeded");
    }
  });
});
