import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BIGINT_SHOP } from "../chaos/hosts/bigint-shop.ts";
import { TEXT_SHOP } from "../chaos/hosts/text-shop.ts";
import { bigintHost } from "../model/hosts/bigint-host.ts";
import { textHost } from "../model/hosts/text-host.ts";
import type { RecordKind } from "../model/model.ts";
import { fillShop } from "../model/shop.ts";
import { type DeclaredService, openDeclaredService } from "../support/declared-service.ts";
import { eventually } from "../support/eventually.ts";
import { countWaitingFor } from "../support/lock-rows.ts";
import { countReasons } from "../support/reasons.ts";

const HOSTS = [
  {
    name: "that marks, with bigint keys",
    ...{ host: bigintHost, declaration: BIGINT_SHOP.declaration },
    part: 'UPDATE shop.product_variant SET "deletedBy" = NULL WHERE "productId" = $1',
  },
  {
    name: "that deletes and detaches, with text keys",
    ...{ host: textHost, declaration: TEXT_SHOP.declaration },
    part: "UPDATE product_tag SET tag = tag WHERE product = $1",
  },
];

describe.each(HOSTS)("on a shop $name, records with what goes with them", ({ host, declaration, part }) => {
  let service: DeclaredService;
  let runs = 0;

  beforeAll(async () => {
    service = await openDeclaredService(host.tables, declaration, { CHUNK_SIZE: "10", WINDOW: "1" });
  });

  afterAll(() => service[Symbol.asyncDispose]());

  test("are changed whole or not at all, each with its outcome, whatever some of their parts do", async () => {
    const kinds: readonly RecordKind[] = [
      ...plain(14),
      "product whose part refuses",
      ...plain(14),
      "product whose part is kept",
      "product that refuses",
      "product that is kept",
      ...plain(5),
      "product on a wish list",
      "product on an order",
      "product of another account",
      "customer",
      "unknown id",
    ];
    const { token, recordIds } = await fill(kinds);
    await using _ = await startWorker();

    const { id } = await service.submit(token, "delete_products", recordIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await countReasons(service.database, id)).toEqual({
      ...{ "record.internal_error": 2, "record.kept": 2, "record.conflict": 1 },
      ...{ "record.in_use": 1, "record.not_found": 3 },
    });
    const stay = recordIds.filter((_id, index) => !["product", "unknown id"].includes(kinds[index] ?? ""));
    expect(await look(recordIds)).toEqual(stay);
  });

  test("fail as locked, alone, while somebody else holds a part of them", async () => {
    const { token, recordIds } = await fill(plain(20));
    const held = String(recordIds[13]);
    await using holder = await hold(part, held);
    await using _ = await startWorker({ LOCK_TIMEOUT_MS: "50" });

    const { id } = await service.submit(token, "delete_products", recordIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await countReasons(service.database, id)).toEqual({ "record.locked": 1 });
    await holder.release();
    expect(await look(recordIds)).toEqual([held]);
  });

  test("of a running chunk are changed whole although it is canceled meanwhile, and no others are", async () => {
    const { token, recordIds } = await fill(plain(30));
    await using holder = await hold(part, String(recordIds[4]));
    await using _ = await startWorker({ LOCK_TIMEOUT_MS: "60000" });
    const { id } = await service.submit(token, "delete_products", recordIds);
    await eventually(() => holder.expectWaiting());

    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    await holder.release();

    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await countReasons(service.database, id)).toEqual({});
    expect(await look(recordIds)).toEqual(recordIds.slice(10));
  });

  async function fill(kinds: readonly RecordKind[]) {
    runs += 1;
    const { accountId, recordIds } = await fillShop(service.database, host, runs, kinds);
    const opened = await service.openAccount();
    await service.database.query("UPDATE bulk.api_tokens SET account_id = $1 WHERE account_id = $2", [
      accountId,
      opened.accountId,
    ]);
    return { recordIds, token: opened.token };
  }

  async function startWorker(environment: NodeJS.ProcessEnv = {}): Promise<AsyncDisposable> {
    const worker = await service.startWorker(environment);
    return { [Symbol.asyncDispose]: () => worker.stop() };
  }

  /** The records that are there, in the order asked; fails if one was changed by half. */
  async function look(recordIds: readonly string[]): Promise<readonly string[]> {
    const rows = await service.database.query<{ id: string; is_torn: boolean }>(host.look, [recordIds]);
    expect(rows.filter(({ is_torn }) => is_torn)).toEqual([]);
    const there = new Set(rows.map((row) => row.id));
    return recordIds.filter((id) => there.has(id));
  }

  async function hold(statement: string, id: string) {
    const client = new pg.Client({ connectionString: service.database.url });
    await client.connect();
    await client.query("BEGIN");
    await client.query(statement, [id]);
    return {
      async expectWaiting() {
        expect(await countWaitingFor(service.database, client)).toBeGreaterThan(0);
      },
      release: () => client.query("ROLLBACK"),
      [Symbol.asyncDispose]: () => client.end(),
    };
  }
});

function plain(count: number): readonly RecordKind[] {
  return Array.from({ length: count }, () => "product");
}
