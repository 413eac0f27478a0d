import { createHash, randomUUID } from "node:crypto";
import { CSV_HEADER, csvLine } from "@bulk/store/records/record-lines";
import { walkRecords } from "@bulk/store/records/walk-records";
import { pruneEnded } from "@bulk/store/retention/prune";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KeyedHost, openKeyedHost } from "../support/keyed-host.ts";
import { KEY_TYPES } from "../support/odd-ids.ts";
import { countReasons } from "../support/reasons.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openWebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

const NO_ONE = { uuid: randomUUID(), bigint: "987654321987654321", text: 'nobody, "nothing"' } as const;

describe.each(KEY_TYPES)("records whose key is %s", (type) => {
  let host: KeyedHost;
  let service: WebhookService;

  beforeAll(async () => {
    host = await openKeyedHost(type);
    const environment = { RECORDS: host.file, CHUNK_SIZE: "7" };
    service = await openWebhookService(environment, { prepare: (database) => host.prepare(database) });
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  test("are deleted, or skipped with the reason, in order, and those of others stay", async () => {
    const { token, accountId } = await service.fillShop({}, "deletes");
    const other = await service.fillShop({}, "another");
    const ids = await host.addGoods(service.database, accountId, 60, 5);
    const foreign = await host.addGoods(service.database, other.accountId, 2);
    const recordIds = [NO_ONE[type], ...ids, ...foreign];
    await using _ = await startWorker();

    const submitted = await service.submit(token, "delete_goods", recordIds);
    const ended = await service.finished(token, submitted.id);

    expect(submitted.record_ids).toEqual(recordIds);
    expect(ended).toMatchObject({
      status: "completed",
      record_ids: recordIds,
      skipped_record_ids: [NO_ONE[type], ...ids.slice(0, 5), ...foreign],
    });
    expect(await countReasons(service.database, ended.id)).toEqual({
      "record.in_use": 5,
      "record.not_found": 3,
    });
    expect(await listGoods()).toEqual([...ids.slice(0, 5), ...foreign].toSorted());
  });

  test("are marked, and those marked already leave nothing to do", async () => {
    const { token, accountId } = await service.fillShop({}, "archives");
    const ids = await host.addGoods(service.database, accountId, 20);
    await using _ = await startWorker();
    await archive(token, ids.slice(0, 3));

    const { id, status, skipped_record_ids } = await archive(token, ids);

    expect(status).toBe("succeeded");
    expect(skipped_record_ids).toEqual(ids.slice(0, 3));
    expect(await countReasons(service.database, id)).toEqual({ "record.already_archived": 3 });
  });

  test("are previewed by reason", async () => {
    const { token, accountId } = await service.fillShop({}, "previews");
    const ids = await host.addGoods(service.database, accountId, 30, 4);

    const { status, body } = await service.call(token, "POST /v1/bulk_actions/preview", {
      bulk_action: { action_type: "delete_goods", record_ids: [...ids, NO_ONE[type]] },
    });

    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        ...{ total: 31, applicable: 26, skipped: 5 },
        reasons: [
          { code: "record.in_use", message: "The good is on a line.", count: 4 },
          { code: "record.not_found", count: 1 },
        ],
      },
    });
  });

  test("are listed by pages and in one stream, with their outcomes", async () => {
    const { token, accountId } = await service.fillShop({}, "lists");
    const ids = await host.addGoods(service.database, accountId, 40, 3);
    await using _ = await startWorker();
    const { id } = await service.submit(token, "delete_goods", ids);
    await service.finished(token, id);

    const expected = ids.map((recordId, position) => [
      recordId,
      position,
      position < 3 ? "skipped" : "deleted",
    ]);
    expect((await readPages(token, id)).map(toRow)).toEqual(expected);
    const response = await service.request(token, `/v1/bulk_actions/${id}/records`, {
      headers: { accept: "application/x-ndjson" },
    });
    const lines = (await response.text()).split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => toRow(JSON.parse(line)))).toEqual(expected);
  });

  test("are untouched after a cancel, and a retry takes all of them", async () => {
    const { token, accountId } = await service.fillShop({}, "cancels");
    const ids = await host.addGoods(service.database, accountId, 25);
    const { id } = await service.submit(token, "delete_goods", ids);
    await service.call(token, `POST /v1/bulk_actions/${id}/cancel`);
    expect(await service.retrieve(token, id)).toMatchObject({ status: "completed", record_ids: ids });
    expect((await listGoods()).filter((good) => ids.includes(good))).toHaveLength(ids.length);

    const { body } = await service.call(token, `POST /v1/bulk_actions/${id}/retry`);
    await using _ = await startWorker();

    const retry = body as { readonly id: string; readonly record_ids: readonly string[] };
    expect(retry.record_ids).toEqual(ids);
    expect(await service.finished(token, retry.id)).toMatchObject({ status: "succeeded", record_ids: ids });
    expect((await listGoods()).filter((good) => ids.includes(good))).toEqual([]);
  });

  test("fail alone, and a retry takes just those", async () => {
    const { token, accountId } = await service.fillShop({}, "fails");
    const ids = await host.addGoods(service.database, accountId, 20);
    const bad = ids[11] ?? "";
    await refuse(bad);
    await using _ = await startWorker();

    const { id } = await service.submit(token, "delete_goods", ids);
    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await countReasons(service.database, id)).toEqual({ "record.internal_error": 1 });
    expect((await readPages(token, id, "&outcome[]=failed")).map(toRow)).toEqual([[bad, 11, "failed"]]);

    await service.database.query("DROP FUNCTION refuse CASCADE");
    const { body } = await service.call(token, `POST /v1/bulk_actions/${id}/retry`);
    expect(body).toMatchObject({ record_ids: [bad] });
    const { id: retryId } = body as { readonly id: string };
    expect(await service.finished(token, retryId)).toMatchObject({ status: "succeeded" });
  });

  test("are told of by webhooks, each and as lists, under ids of their own", async () => {
    await using receiver = await openWebhookReceiver();
    const { token, accountId } = await service.fillShop({}, "tells");
    const ids = [
      ...(await host.addGoods(service.database, accountId, 20, 1)),
      await addGoodNamedLikeAPage(accountId),
    ];
    const [singles, lists] = [`${receiver.url}/singles`, `${receiver.url}/lists`];
    await service.register(token, singles, { webhook_events: ["good.deleted"], record_events: "single" });
    await service.register(token, lists, { webhook_events: ["good.deleted"], record_events: "list" });
    await using _ = await startWorker();

    const { id } = await service.submit(token, "delete_goods", ids);
    await service.finished(token, id);

    const events = (await receiver.has(20 + 3)).map(({ body }) => JSON.parse(body));
    const told = events.flatMap(({ data: { object } }) => (object.object === "list" ? [] : object.id));
    expect(told.toSorted()).toEqual(ids.slice(1).toSorted());
    const listed = events.flatMap(({ data: { object } }) => (object.object === "list" ? object.data : []));
    expect(listed.map((record) => record.id).toSorted()).toEqual(ids.slice(1).toSorted());
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  });

  test("are the same request again in any spelling, and another one with another id", async () => {
    const { token, accountId } = await service.fillShop({}, "repeats");
    const ids = await host.addGoods(service.database, accountId, 5);
    const submit = async (recordIds: readonly unknown[]) => {
      const response = await service.request(token, "/v1/bulk_actions", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "once" },
        body: JSON.stringify({ bulk_action: { action_type: "delete_goods", record_ids: recordIds } }),
      });
      return { status: response.status, body: (await response.json()) as { readonly id: string } };
    };

    const first = await submit(ids);
    const again = await submit([...ids.map(spellOtherwise), ids[0]]);

    expect(first).toMatchObject({ status: 200, body: { record_ids: ids } });
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id, record_ids: ids } });
    expect(await submit(ids.slice(1))).toMatchObject({
      status: 422,
      body: { code: "idempotency_key.reused" },
    });
    await service.call(token, `POST /v1/bulk_actions/${first.body.id}/cancel`);
  });

  test("are in a form body what they are in JSON", async () => {
    const { token, accountId } = await service.fillShop({}, "forms");
    const ids = await host.addGoods(service.database, accountId, 60);
    const form = new URLSearchParams([["bulk_action[action_type]", "archive_goods"]]);
    for (const id of ids) form.append("bulk_action[record_ids][]", id);

    const response = await service.request(token, "/v1/bulk_actions", { method: "POST", body: form });

    expect(await response.json()).toMatchObject({ record_ids: ids });
  });

  test("are in the digest of the audit as in the exported file", async () => {
    const { token, accountId } = await service.fillShop({}, "audits");
    const ids = await host.addGoods(service.database, accountId, 60, 5);
    const worker = await startWorker();
    const { id } = await service.submit(token, "archive_goods", ids);
    await service.finished(token, id);
    await worker[Symbol.asyncDispose]();
    await using opened = openServiceDatabase(service.database.url);
    const walk = walkRecords(opened.database, accountId, id, { outcomes: undefined, from: 0 });
    const records = (await Array.fromAsync(walk)).flat();
    const file = [CSV_HEADER, ...records.map((record) => csvLine(record, "archived"))].join("");

    await service.database.query(
      "UPDATE bulk.bulk_actions SET finished_at = now() - interval '1 year' WHERE id = $1",
      [id],
    );
    const known = { recordType: "good", effect: "archived", skips: {}, change: { kind: "update" } } as const;
    await pruneEnded(opened.database, 1, new Map([["archive_goods", known]]));

    const entries = await service.database.query<{ digest: string }>(
      "SELECT encode(digest, 'hex') AS digest FROM bulk.audit_entries WHERE bulk_action_id = $1",
      [id],
    );
    expect(records.map(({ recordId }) => recordId)).toEqual(ids);
    expect(entries).toEqual([{ digest: createHash("sha256").update(file).digest("hex") }]);
  });

  // The second page of a list begins at position 7.
  async function addGoodNamedLikeAPage(accountId: string): Promise<string> {
    const id = type === "uuid" ? randomUUID() : "7";
    await service.database.query("INSERT INTO goods (code, owner) VALUES ($1, $2)", [id, accountId]);
    return id;
  }

  async function startWorker(): Promise<AsyncDisposable> {
    const worker = await service.startWorker();
    return { [Symbol.asyncDispose]: () => worker.stop() };
  }

  async function archive(token: string, ids: readonly string[]) {
    const { id } = await service.submit(token, "archive_goods", ids);
    return await service.finished(token, id);
  }

  async function listGoods(): Promise<readonly string[]> {
    const rows = await service.database.query<{ id: string }>("SELECT code::text AS id FROM goods");
    return rows.map(({ id }) => id).toSorted();
  }

  async function refuse(id: string): Promise<void> {
    await service.database.query("CREATE TABLE IF NOT EXISTS refused (id text)");
    await service.database.query("INSERT INTO refused VALUES ($1)", [id]);
    await service.database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        BEGIN
          IF EXISTS (SELECT FROM refused WHERE id = OLD.code::text) THEN
            RAISE EXCEPTION 'Refused by a rule of the shop' USING ERRCODE = '23514';
          END IF;
          RETURN OLD;
        END $$;
      CREATE TRIGGER refuse BEFORE DELETE ON goods FOR EACH ROW EXECUTE FUNCTION refuse()`);
  }

  // In capitals, or as a number if JSON can hold it. A text has one spelling only.
  function spellOtherwise(id: string): unknown {
    if (type === "uuid") return id.toUpperCase();
    return type === "bigint" && Number.isSafeInteger(Number(id)) ? Number(id) : id;
  }

  async function readPages(token: string, id: string, filter = ""): Promise<readonly WireRecord[]> {
    const records: WireRecord[] = [];
    for (let after = ""; ; ) {
      const path = `/v1/bulk_actions/${id}/records?limit=9${filter}${after}`;
      const page = (await (await service.request(token, path)).json()) as RecordsPage;
      records.push(...page.data);
      if (page.pagination.next_cursor === null) return records;
      after = `&after=${page.pagination.next_cursor}`;
    }
  }
});

type WireRecord = { readonly record_id: string; readonly position: number; readonly outcome: string };

type RecordsPage = {
  readonly data: readonly WireRecord[];
  readonly pagination: { readonly next_cursor: string | null };
};

function toRow({ record_id, position, outcome }: WireRecord) {
  return [record_id, position, outcome];
}
