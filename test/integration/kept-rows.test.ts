import { randomBytes } from "node:crypto";
import { openDatabase } from "@bulk/store/database";
import { dropExpiredRows } from "@bulk/store/retention/kept-rows";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { countReasons } from "../support/reasons.ts";
import { readText } from "../support/repository.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/* Who sees kept rows, and what is left of them: on rows that workers have kept. */

let service: TestService;

beforeAll(async () => {
  service = await openTestService();
});

afterAll(() => service[Symbol.asyncDispose]());

test("a role that reads bulk actions, as the page about undo sets it up, reads no kept row", async () => {
  const worker = await service.startWorker();
  const { token, productIds } = await service.fillShop({ products: 3 }, "reported");
  await using reporting = await createReportingRole();
  const deletion = await service.submit(token, "delete_products", productIds);
  await service.finished(token, deletion.id);

  const read = (sql: string) => reporting.client.query(sql).then(({ rows }) => rows);
  expect(await read(`SELECT status FROM bulk.bulk_actions WHERE id = '${deletion.id}'`)).toEqual([
    { status: "succeeded" },
  ]);
  const partitions = await service.database.query<{ name: string }>(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'bulk.kept_rows'::regclass",
  );
  expect(partitions).toHaveLength(32);
  for (const name of ["bulk.kept_rows", ...partitions.map((partition) => partition.name)]) {
    await expect(read(`SELECT FROM ${name}`)).rejects.toMatchObject({ code: "42501" });
  }
  await expect(read("SELECT bulk.drop_expired_rows()")).rejects.toMatchObject({ code: "42501" });

  const restore = await restoreAll(token, deletion.id);
  expect(await service.finished(token, restore)).toMatchObject({ status: "succeeded" });
  await worker.stop();
});

test("a restore that were to name another account's bulk action would bring back none of its records", async () => {
  const [own, other] = [
    await service.fillShop({ products: 3 }, "own"),
    await service.fillShop({ products: 3 }, "other"),
  ];
  const worker = await service.startWorker();
  const ids = await Promise.all(
    [own, other].map(async ({ token, productIds }) => {
      const { id } = await service.submit(token, "delete_products", productIds);
      await service.finished(token, id);
      return id;
    }),
  );
  await worker.stop();
  const restore = await restoreAll(own.token, String(ids[0]));
  // As no request can ask for it.
  await service.database.query("UPDATE bulk.bulk_actions SET restore_of_id = $2 WHERE id = $1", [
    restore,
    ids[1],
  ]);
  await service.database.query(
    "UPDATE bulk.bulk_action_chunks SET record_ids = $2 WHERE bulk_action_id = $1",
    [restore, other.productIds],
  );

  const again = await service.startWorker();
  await service.finished(own.token, restore);
  await again.stop();

  expect(await countReasons(service.database, restore)).toEqual({ "record.purged": 3 });
  const present = await service.database.query("SELECT FROM products WHERE id = ANY ($1)", [
    [...own.productIds, ...other.productIds],
  ]);
  expect(present).toEqual([]);
});

test("what is purged, has expired, or was not to be kept is in no table of the service", async () => {
  const worker = await service.startWorker();
  const { token, productIds } = await service.fillShop({ products: 4 }, "erased");
  // Its row has this name, whatever table it is in.
  const secret = `secret ${randomBytes(8).toString("hex")}`;
  await service.database.query("UPDATE products SET name = $2 WHERE id = ANY ($1)", [productIds, secret]);
  const [purged, expired, erased, kept] = productIds;
  const deleteOne = async (id: string | undefined, content: object = {}) => {
    const body = { bulk_action: { action_type: "delete_products", record_ids: [id], ...content } };
    const created = await post(token, "/v1/bulk_actions", body);
    await service.finished(token, created);
    return created;
  };
  await deleteOne(erased, { restorable: false });
  expect(await findTables(secret)).toEqual([]);
  const actions = { purged: await deleteOne(purged), expired: await deleteOne(expired) };
  await service.database.query(
    `WITH expired AS (
       UPDATE bulk.bulk_actions SET kept_slot = (kept_slot + 16) % 32, restorable_until = now() WHERE id = $1
       RETURNING id, kept_slot)
     UPDATE bulk.kept_rows SET slot = expired.kept_slot FROM expired WHERE bulk_action_id = expired.id`,
    [actions.expired],
  );
  expect(await findTables(secret)).toHaveLength(2);

  await post(token, `/v1/bulk_actions/${actions.purged}/purge`);
  expect(await findTables(secret)).toHaveLength(1);
  const database = openDatabase({
    ...{ url: service.database.serviceUrl, applicationName: "test", poolSize: 1 },
    ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
  });
  expect(await dropExpiredRows(database)).toBe(1);
  await database.$disconnect();
  expect(await findTables(secret)).toEqual([]);
  // The search finds what is there.
  await deleteOne(kept);
  expect(await findTables(secret)).toEqual([expect.stringMatching(/^bulk\.kept_rows_\d+$/)]);
  await worker.stop();
});

async function restoreAll(token: string, id: string): Promise<string> {
  return await post(token, `/v1/bulk_actions/${id}/restore`);
}

/** Returns the id of the bulk action in the response. */
async function post(token: string, path: string, body: object = {}): Promise<string> {
  const response = await service.request(token, path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { id: string }).id;
}

/** The tables of the schema `bulk` in which a text occurs. */
async function findTables(text: string): Promise<readonly string[]> {
  const tables = await service.database.query<{ name: string }>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'bulk'::regnamespace AND relkind = 'r'",
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await service.database.query(
      `SELECT FROM ${name} AS searched WHERE position($1 IN searched::text) > 0 LIMIT 1`,
      [text],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** A connection of a role that `docs/restore.md` creates, under another name. */
async function createReportingRole(): Promise<AsyncDisposable & { readonly client: pg.Client }> {
  const [, statements] = /```sql\n(CREATE ROLE reporting[\s\S]*?)```/.exec(readText("docs/restore.md")) ?? [];
  if (statements === undefined) throw new Error("docs/restore.md creates no role.");
  const role = `reporting_${randomBytes(6).toString("hex")}`;
  await service.database.query(statements.replaceAll("reporting", role).replace("…", role));
  const url = new URL(service.database.url);
  url.username = role;
  url.password = role;
  const client = new pg.Client(url.href);
  await client.connect();
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.end();
      await service.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    },
  };
}
