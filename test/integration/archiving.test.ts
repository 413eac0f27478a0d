import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { randomIds } from "../support/random-ids.ts";
import { countReasons } from "../support/reasons.ts";
import { scrape } from "../support/scrape.ts";
import type { TestWorker } from "../support/test-service.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

/* An action that updates its records: what deleting does not show. */

let service: WebhookService;
let receiver: WebhookReceiver;
let worker: TestWorker;

// Products whose id is in `shop_rules` are vetoed, or their archiving is undone, by a trigger of the shop.
beforeAll(async () => {
  receiver = await openWebhookReceiver();
  service = await openWebhookService({ CHUNK_SIZE: "10", LOCK_TIMEOUT_MS: "100" }, { host: "own" });
  await service.database.query(`
    CREATE TABLE shop_rules (id uuid PRIMARY KEY, rule text NOT NULL);
    CREATE FUNCTION obey_shop_rule() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
      DECLARE found_rule text;
      BEGIN
        SELECT rule INTO found_rule FROM shop_rules WHERE id = OLD.id;
        IF found_rule = 'veto' THEN RETURN NULL; END IF;
        IF found_rule = 'undo' THEN NEW.archived_at := NULL; END IF;
        RETURN NEW;
      END $$;
    CREATE TRIGGER obey_shop_rule BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION obey_shop_rule()`);
  worker = await service.startWorker();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

describe("archive_products", () => {
  test("archives products, also those in use, and says archived wherever it says what it did", async () => {
    const { token, productIds } = await service.fillShop({ products: 25, inUse: 3 }, "archives");
    const other = await service.fillShop({ products: 1 }, "another shop");
    const [already = ""] = productIds;
    await service.database.query("UPDATE products SET archived_at = '2020-01-01' WHERE id = $1", [already]);
    await service.register(token, receiver.url, {
      webhook_events: ["bulk_action.finished", "product.archived", "product.updated", "product.deleted"],
    });
    const unknown = [...other.productIds, ...randomIds(1)];

    const { id } = await service.submit(token, "archive_products", [...productIds, ...unknown]);

    expect(await service.finished(token, id)).toMatchObject({
      ...{ action_type: "archive_products", status: "succeeded" },
      skipped_record_ids: [already, ...unknown],
    });
    expect(await readArchived([...productIds, ...other.productIds])).toEqual(new Set(productIds));
    expect(await readMoment(already)).toEqual(new Date("2020-01-01T00:00:00Z"));
    expect(await countReasons(service.database, id)).toEqual({
      ...{ "record.already_archived": 1, "record.not_found": 2 },
    });
    const { details } = (await readJson(token, `${id}?expand[]=details`)) as { readonly details: object };
    expect(details).toMatchObject({
      outcome: "succeeded",
      processed: 27,
      archived: 24,
      skipped: 3,
      failed: 0,
    });
    expect(details).not.toHaveProperty("deleted");
    expect(await listRecords(token, id, "archived")).toHaveLength(24);
    expect(await listRecords(token, id, "deleted")).toEqual([]);
    expect(await listRecords(token, id, "skipped")).toMatchObject([
      { record_id: already, code: "record.already_archived", message: "The product is already archived." },
      { code: "record.not_found" },
      { code: "record.not_found" },
    ]);
    const listed = (await readJson(token, "?action_type=archive_products&fields=id")) as { data: unknown };
    expect(listed.data).toMatchObject([{ id }]);

    // A finished event, and three chunks each as product.archived and as product.updated.
    const events = (await receiver.has(7)).map(({ body }) => JSON.parse(body) as Event);
    expect(events.map(({ type }) => type).sort()).toEqual([
      "bulk_action.finished",
      ...Array<string>(3).fill("product.archived"),
      ...Array<string>(3).fill("product.updated"),
    ]);
    for (const type of ["product.archived", "product.updated"])
      expect(idsOf(events, type)).toEqual(productIds.slice(1));
    const finished = events.find(({ type }) => type === "bulk_action.finished");
    expect(finished?.data.object).toMatchObject({ archived: 24, details: { archived: 24 } });
    expect(finished?.data.object).not.toHaveProperty("deleted");
    await eventually(async () => {
      const samples = await scrape(worker.opsUrl);
      const counted = samples.filter(({ labels }) => labels.includes('type="archive_products"'));
      expect(counted.map(({ labels }) => labels)).toContain('{type="archive_products",outcome="archived"}');
      expect(counted.filter(({ labels }) => labels.includes("deleted"))).toEqual([]);
    });
    const page = await (await fetch(`${service.opsUrl}/console/bulk-actions/${id}`)).text();
    expect(page).toContain("archived</a>");
    expect(page).not.toContain("deleted");
  });

  test("ends as invalid where every product is archived already, and changes nothing", async () => {
    const { token, productIds } = await service.fillShop({ products: 12 }, "twice");
    await service.finished(token, (await service.submit(token, "archive_products", productIds)).id);
    const before = await service.database.query("SELECT * FROM products ORDER BY id");

    const { id } = await service.submit(token, "archive_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "invalid" });
    expect(await service.database.query("SELECT * FROM products ORDER BY id")).toEqual(before);
  });

  test("ends as completed where a trigger vetoes or undoes the change, and says record.kept of these", async () => {
    const { token, productIds } = await service.fillShop({ products: 20 }, "rules");
    const [vetoed = "", undone = "", ...others] = productIds;
    await service.database.query("INSERT INTO shop_rules VALUES ($1, 'veto'), ($2, 'undo')", [
      vetoed,
      undone,
    ]);
    const preview = await service.call(token, "POST /v1/bulk_actions/preview", {
      bulk_action: { action_type: "archive_products", record_ids: productIds },
    });
    expect(preview.body).toMatchObject({ applicable: 20, warnings: [{ code: "database.trigger" }] });

    const { id } = await service.submit(token, "archive_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({
      ...{ status: "completed", skipped_record_ids: [vetoed, undone] },
    });
    expect(await countReasons(service.database, id)).toEqual({ "record.kept": 2 });
    expect(await readArchived(productIds)).toEqual(new Set(others));
  });

  test("fails a locked product alone as record.locked, and a retry archives it", async () => {
    const { token, productIds } = await service.fillShop({ products: 10 }, "locked");
    const [held = "", ...others] = productIds;
    const lock = await lockRows(service.database, "products", [held]);
    const { id } = await service.submit(token, "archive_products", productIds);
    expect(await service.finished(token, id, 120_000)).toMatchObject({ status: "completed" });
    expect(await countReasons(service.database, id)).toEqual({ "record.locked": 1 });
    expect(await readArchived(productIds)).toEqual(new Set(others));
    await lock.release();

    const { status, body } = await service.call(token, `POST /v1/bulk_actions/${id}/retry`);

    expect(status).toBe(200);
    const retry = body as { readonly id: string };
    expect(await service.finished(token, retry.id)).toMatchObject({
      status: "succeeded",
      record_ids: [held],
    });
    expect(await readArchived(productIds)).toEqual(new Set(productIds));
  });
});

describe("a trigger on UPDATE", () => {
  test("is no warning of a preview of deletions, and a product in use is told how to be archived", async () => {
    const { token, productIds } = await service.fillShop({ products: 2, inUse: 1 }, "deletes");
    const { body } = await service.call(token, "POST /v1/bulk_actions/preview", {
      bulk_action: { action_type: "delete_products", record_ids: productIds },
    });
    expect(body).toMatchObject({
      ...{ applicable: 1, warnings: [] },
      reasons: [{ code: "record.in_use", message: expect.stringContaining("archive_products") }],
    });
  });
});

type Event = {
  readonly type: string;
  readonly data: { readonly object: { readonly data?: readonly { readonly id: string }[] } };
};

function idsOf(events: readonly Event[], type: string): readonly string[] {
  return events
    .filter((event) => event.type === type)
    .flatMap(({ data }) => data.object.data?.map((product) => product.id) ?? []);
}

async function readJson(token: string, path: string): Promise<unknown> {
  return await (
    await service.request(token, `/v1/bulk_actions${path.startsWith("?") ? "" : "/"}${path}`)
  ).json();
}

async function listRecords(token: string, id: string, outcome: string): Promise<unknown> {
  return ((await readJson(token, `${id}/records?outcome[]=${outcome}&limit=100`)) as { data: unknown }).data;
}

async function readArchived(ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await service.database.query<{ id: string }>(
    "SELECT id FROM products WHERE id = ANY($1::uuid[]) AND archived_at IS NOT NULL",
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

async function readMoment(id: string): Promise<Date | undefined> {
  const [row] = await service.database.query<{ archived_at: Date }>(
    "SELECT archived_at FROM products WHERE id = $1",
    [id],
  );
  return row?.archived_at;
}
