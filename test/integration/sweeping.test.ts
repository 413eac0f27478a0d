import { createHash, randomUUID } from "node:crypto";
import { type Database, openDatabase } from "@bulk/store/database";
import { CSV_HEADER, csvLine } from "@bulk/store/records/record-lines";
import { walkRecords } from "@bulk/store/records/walk-records";
import { listAuditEntries } from "@bulk/store/retention/audit";
import { pruneEnded } from "@bulk/store/retention/prune";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { registry } from "../support/registry.ts";
import { loseAllTurns, openServiceQueue } from "../support/service-queue.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

describe("the sweeper", () => {
  test("starts the lanes of a bulk action that lost all its turns", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 20 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await loseAllTurns(service);

    await service.startWorker({ SWEEP_INTERVAL_MS: "100" });

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
    expect(await generation(service, id)).toBe(2);
  });

  test("settles a bulk action whose worker died between its last chunk and the terminal status", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 20 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await loseAllTurns(service);
    await service.database.query(
      "UPDATE bulk.bulk_action_chunks SET done_count = 20, deleted_count = 20, finished_at = now()",
    );

    await service.startWorker({ SWEEP_INTERVAL_MS: "100" });

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
    expect(await generation(service, id)).toBe(1);
  });

  test("leaves a bulk action alone whose turns wait in a long queue", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "1" });
    const { token, productIds } = await service.fillShop({ products: 60 });
    // Each chunk takes a tenth of a second: the last bulk action waits far longer than the margin.
    await slowDown(service.database, "ROW", 0.1);
    const ids = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(
        async (n) =>
          (await service.submit(token, "delete_products", productIds.slice(n * 10, n * 10 + 10))).id,
      ),
    );

    await service.startWorker({ SWEEP_INTERVAL_MS: "100", WORKER_CONCURRENCY: "1", TURN_MS: "1" });

    for (const id of ids) await service.finished(token, id);
    expect(await Promise.all(ids.map((id) => generation(service, id)))).toEqual(ids.map(() => 1));
  });

  test("does not take a chunk that runs for long for a lost one", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 1 });
    await slowDown(service.database, "ROW", 4);
    const { id } = await service.submit(token, "delete_products", productIds);

    await service.startWorker({ SWEEP_INTERVAL_MS: "100" });

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
    expect(await generation(service, id)).toBe(1);
  });

  test("prunes what ended longer ago than the retention, and nothing else", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 2 });
    const [first = "", second = ""] = productIds;
    await service.startWorker({ SWEEP_INTERVAL_MS: "100", RETENTION_DAYS: "30" });
    const old = await service.submit(token, "delete_products", [first]);
    const recent = await service.submit(token, "delete_products", [second]);
    await service.finished(token, old.id);
    await service.finished(token, recent.id);

    await age(service, recent.id, 29);
    await age(service, old.id, 31);

    await eventually(async () => {
      const response = await service.request(token, `/v1/bulk_actions/${old.id}`);
      expect(response.status).toBe(404);
    });
    expect(await service.retrieve(token, recent.id)).toMatchObject({ status: "succeeded" });
    expect(
      await service.database.query("SELECT DISTINCT bulk_action_id AS id FROM bulk.bulk_action_chunks"),
    ).toEqual([{ id: recent.id }]);
  });

  test("prunes a bulk action that is too large for one statement apart, and keeps the digest of its records", async () => {
    await using service = await openTestService();
    const { token, accountId } = await service.fillShop({});
    const { id } = await service.submit(token, "delete_products", randomIds(1));
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    await service.database.query(
      `WITH grown AS (UPDATE bulk.bulk_actions SET record_count = 250001 WHERE id = $1 RETURNING id)
       INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, finished_at)
       SELECT grown.id, 1 + 5000 * n, ARRAY(SELECT gen_random_uuid() FROM generate_series(n, n + 4999)), 5000, now()
       FROM grown, generate_series(0, 49) AS n`,
      [id],
    );
    const database = openDatabase({ ...DATABASE_OPTIONS, url: service.database.url });
    try {
      const csv = await writeCsv(database, accountId, id);
      await age(service, id, 31);
      expect(await pruneEnded(database, 30, registry)).toBe(0);

      await service.startWorker({ SWEEP_INTERVAL_MS: "100", RETENTION_DAYS: "30" });

      const query = { accountId, since: undefined, limit: 10 };
      await eventually(async () => {
        const [entry] = await listAuditEntries(database, query);
        expect(entry).toMatchObject({ recordCount: 250_001, notAttempted: 250_001, digest: sha256(csv) });
      });
      expect(await service.database.query("SELECT FROM bulk.bulk_action_chunks")).toEqual([]);
    } finally {
      await database.$disconnect();
    }
  });

  test("keeps of what it prunes who, what, when, and the digest of its records as CSV", async () => {
    await using service = await openTestService();
    const { token, accountId } = await service.fillShop({});
    const { id, record_ids } = await service.submit(token, "delete_products", randomIds(6));
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    // One of each outcome, in two chunks; the skipped ids are not in the order of their ids.
    await service.database.query(
      `UPDATE bulk.bulk_action_chunks SET record_ids = record_ids[1:4], record_count = 4, done_count = 4,
         deleted_count = 1, skipped_count = 2, failed_count = 1,
         skipped_ids = ARRAY[record_ids[4], record_ids[1]], skipped_codes = '{record.in_use,record.not_found}',
         failed_ids = record_ids[2:2], failed_codes = '{record.locked}'`,
    );
    await service.database.query(
      `INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, done_count, deleted_count)
       VALUES ($1, 4, $2, 2, 1, 1)`,
      [id, record_ids.slice(4)],
    );
    await age(service, id, 31);
    const database = openDatabase({ ...DATABASE_OPTIONS, url: service.database.url });
    try {
      const query = { accountId, since: undefined, limit: 10 };
      const [before] = await listAuditEntries(database, query);
      expect(before).toMatchObject({ bulkActionId: id, prunedAt: null, digest: null });
      const csv = await writeCsv(database, accountId, id);
      expect(csv.split("\n").map((line) => line.split(",")[2])).toEqual([
        "outcome",
        "skipped",
        "failed",
        "deleted",
        "skipped",
        "deleted",
        "not_attempted",
        undefined,
      ]);

      expect(await pruneEnded(database, 30, registry)).toBe(1);

      const [after] = await listAuditEntries(database, query);
      expect(after).toEqual({ ...before, prunedAt: expect.any(Date), digest: sha256(csv) });
      const [holder] = await service.database.query<{ id: string }>("SELECT id FROM bulk.api_tokens");
      expect(after).toMatchObject({
        ...{ accountName: "test", status: "completed", createdByTokenId: holder?.id },
        ...{ recordCount: 6, applied: 2, skipped: 2, failed: 1, notAttempted: 1 },
        cancelRequestedBy: holder?.id,
      });
      expect(await listAuditEntries(database, { ...query, accountId: randomUUID() })).toEqual([]);
      expect(await listAuditEntries(database, { ...query, since: new Date() })).toEqual([]);
    } finally {
      await database.$disconnect();
    }
  });
});

const DATABASE_OPTIONS = {
  ...{ applicationName: "test", poolSize: 1 },
  ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
};

async function writeCsv(database: Database, accountId: string, id: string): Promise<string> {
  let csv = CSV_HEADER;
  for await (const records of walkRecords(database, accountId, id, { outcomes: undefined, from: 0 })) {
    csv += records.map((record) => csvLine(record, "deleted")).join("");
  }
  return csv;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("a turn of an older generation", () => {
  test("ends at once and changes nothing", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 20 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.database.query("UPDATE bulk.bulk_actions SET generation = 2");
    const queue = openServiceQueue(service);
    try {
      const open = ["waiting", "prioritized", "delayed", "active"] as const;
      await eventually(async () => expect(await queue.native.getJobs([...open])).toHaveLength(1));
      // The sweeper rests: only the old turn is there.
      await service.startWorker({ SWEEP_INTERVAL_MS: "3600000" });
      await eventually(async () => expect(await queue.native.getJobs([...open])).toEqual([]));
      // Of a turn that did nothing and passed nothing on, no job is kept.
      expect(await queue.native.getJobs(["completed", "failed"])).toEqual([]);
      expect(await service.retrieve(token, id)).toMatchObject({ status: "pending" });
      expect(await service.database.query("SELECT count(*)::int AS n FROM products")).toEqual([{ n: 20 }]);
    } finally {
      await queue.close();
    }
  });
});

test("a turn that is added twice waits in the queue once", async () => {
  await using service = await openTestService();
  const { token, productIds } = await service.fillShop({ products: 1 });
  const { id } = await service.submit(token, "delete_products", productIds);
  const queue = openServiceQueue(service);
  try {
    const turn = { bulkActionId: id, actionType: "delete_products", generation: 1, lane: 1 };
    const next = { ...turn, turn: 2, enqueuedAt: new Date(), delayMs: 0 };
    // The worker that takes a dead one's turn over puts the same successor into the queue.
    await queue.addTurns([next]);
    await queue.addTurns([next]);
    // The answer to the create did not wait for its own turn to be there.
    await eventually(async () => {
      const waiting = await queue.native.getJobs(["waiting", "prioritized"]);
      expect(waiting.map((job) => job.data.turn).sort()).toEqual([1, 2]);
    });
  } finally {
    await queue.close();
  }
});

async function generation(service: TestService, id: string): Promise<number | undefined> {
  const [row] = await service.database.query<{ generation: number }>(
    "SELECT generation FROM bulk.bulk_actions WHERE id = $1",
    [id],
  );
  return row?.generation;
}

async function age(service: TestService, id: string, days: number): Promise<void> {
  await service.database.query(
    "UPDATE bulk.bulk_actions SET finished_at = now() - make_interval(days => $2) WHERE id = $1",
    [id, days],
  );
}
