import { firstTurns } from "@bulk/queue/turns/turn";
import { readClock } from "@bulk/store/clock";
import { sweepOnce } from "@bulk/store/operations/sweep";
import { Redis } from "ioredis";
import { describe, expect, inject, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { eventually } from "../support/eventually.ts";
import { tellRedis } from "../support/redis-command.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import { expectSleepers } from "../support/sleepers.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestService } from "../support/test-service.ts";
import { writeBulkAction } from "../support/write-bulk-action.ts";

type Health = {
  readonly httpStatus: number;
  readonly status: string;
  readonly reason?: string;
  readonly silent_seconds?: number;
  readonly checks?: readonly { readonly name: string; readonly status: string; readonly reason?: string }[];
};

/** What makes a Redis refuse writes and answer reads, what ends that, and what health says meanwhile. */
const REDIS_REFUSALS = [
  ["CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "Redis is out of memory"],
  ["CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "min-replicas-to-write"],
  ["REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "Redis is a read-only replica"],
] as const;

const CHECKS = ["database", "schema", "queue", "eviction", "declaration"];

describe("readiness", () => {
  test("tells of each engine, and whether the schema is this version's, behind or ahead", async () => {
    await using service = await openTestService();
    const { opsUrl } = await service.startWorker();
    const ready = {
      ...{ httpStatus: 200, status: "ok" },
      checks: CHECKS.map((name) => ({ name, status: "ok" })),
    };
    // A first answer may take more than two seconds on a busy machine.
    await eventually(async () => expect(await ask(service.opsUrl, "ready")).toEqual(ready));
    await eventually(async () => expect(await ask(opsUrl, "ready")).toEqual(ready));
    expect(await ask(opsUrl, "live")).toEqual({ httpStatus: 200, status: "ok" });

    await service.database.query(
      `INSERT INTO bulk._prisma_migrations (id, checksum, migration_name, finished_at)
       VALUES ('later', '', '20990101000000_later', now())`,
    );
    await eventually(async () => {
      const health = await ask(service.opsUrl, "ready");
      expect(health).toMatchObject({ httpStatus: 200, status: "degraded" });
      expect(reasonOf(health, "schema")).toContain("ahead of this version, by 20990101000000_later");
    });

    await service.database.query("DELETE FROM bulk._prisma_migrations WHERE migration_name LIKE '%_keys'");
    await eventually(async () => {
      const health = await ask(opsUrl, "ready");
      expect(health).toMatchObject({ httpStatus: 503, status: "unavailable" });
      expect(reasonOf(health, "schema")).toMatch(/behind this version: \d+_keys/);
    });
  });

  test("says that PostgreSQL is away, never where it was, and comes back with it", async () => {
    await using service = await openTestService();
    await using proxy = await openTcpProxy(service.database.url);
    await using api = await openAnotherApi(service, { DATABASE_URL: proxy.url });
    await proxy.cut();

    const health = await ask(api.opsUrl, "ready");

    expect(health).toMatchObject({ httpStatus: 503, status: "unavailable" });
    expect(health.checks?.slice(0, 2)).toEqual([
      { name: "database", status: "unavailable", reason: "PostgreSQL does not answer." },
      {
        name: "schema",
        status: "unknown",
        reason: "PostgreSQL does not tell which migrations it has had.",
      },
    ]);
    const { port, password } = new URL(proxy.url);
    for (const secret of [port, password, "127.0.0.1"].filter((part) => part !== "")) {
      expect(JSON.stringify(health.checks)).not.toContain(secret);
    }
    await proxy.mend();
    await eventually(async () => {
      expect(await ask(api.opsUrl, "ready")).toMatchObject({ httpStatus: 200, status: "ok" });
    });
  });

  test.skipIf(inject("queueEngine") === "postgres")(
    "a worker is not ready without a Redis that takes and keeps what it is given; the API, which accepts all the same, is",
    async () => {
      await using service = await openTestService();
      const { opsUrl } = await service.startWorker();
      await setPolicy(service.redis?.url ?? "", "allkeys-lru");
      await eventually(async () => {
        const health = await ask(opsUrl, "ready");
        expect(health.httpStatus).toBe(503);
        expect(reasonOf(health, "eviction")).toContain("its maxmemory-policy is allkeys-lru");
      });
      expect(await ask(service.opsUrl, "ready")).toMatchObject({ httpStatus: 200, status: "degraded" });
      await setPolicy(service.redis?.url ?? "", "noeviction");

      for (const [refuse, takeAgain, reason] of REDIS_REFUSALS) {
        await tellRedis(Number(service.redis?.port), refuse);
        await eventually(async () => {
          const health = await ask(opsUrl, "ready");
          expect(health.httpStatus).toBe(503);
          expect(reasonOf(health, "queue")).toContain(reason);
        });
        expect(await ask(service.opsUrl, "ready")).toMatchObject({ httpStatus: 200, status: "degraded" });
        await tellRedis(Number(service.redis?.port), takeAgain);
        await eventually(async () => expect((await ask(opsUrl, "ready")).httpStatus).toBe(200));
      }

      await service.redis?.kill();
      await eventually(async () => {
        const health = await ask(opsUrl, "ready");
        expect(health.httpStatus).toBe(503);
        expect(reasonOf(health, "queue")).toBe("The queue does not answer.");
      });
      expect(await ask(service.opsUrl, "ready")).toMatchObject({ httpStatus: 200, status: "degraded" });
      await service.redis?.start();
      await eventually(async () => expect((await ask(opsUrl, "ready")).httpStatus).toBe(200));
    },
  );

  test("says so when the database answers reads and refuses writes; a create is told to come again", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 1 });
    const { opsUrl } = await service.startWorker();
    await setReadOnly(service, "SET default_transaction_read_only = on");

    for (const url of [service.opsUrl, opsUrl]) {
      await eventually(async () => {
        const health = await ask(url, "ready");
        expect(health).toMatchObject({ httpStatus: 503, status: "unavailable" });
        expect(reasonOf(health, "database")).toContain("PostgreSQL is read-only");
      });
    }
    const body = { bulk_action: { action_type: "delete_products", record_ids: productIds } };
    const create = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const refused = await service.request(token, "/v1/bulk_actions", create);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await refused.json()).toMatchObject({ code: "service.unavailable" });

    await setReadOnly(service, "RESET default_transaction_read_only");
    await eventually(async () => expect(await ask(opsUrl, "ready")).toMatchObject({ status: "ok" }));
    const { id } = await eventually(() => service.submit(token, "delete_products", productIds));
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  });

  test("ends first: an API that is to stop says so and goes on serving for DRAIN_MS", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const api = await openAnotherApi(service, { DRAIN_MS: "1500" });
    const stopped = api[Symbol.asyncDispose]();

    expect(await ask(api.opsUrl, "ready")).toEqual({ httpStatus: 503, status: "stopping", checks: [] });
    const { status } = await fetch(`${api.url}/v1/bulk_actions`, {
      headers: { authorization: `Bearer ${token}` },
    });

    expect(status).toBe(200);
    await stopped;
    await expect(fetch(`${api.url}/v1/bulk_actions`)).rejects.toThrow("fetch failed");
  });

  test("ends first: a worker that is to stop says so while its last chunk runs", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 1 });
    await slowDown(service.database, "ROW", 2);
    const worker = await service.startWorker();
    await service.submit(token, "delete_products", productIds);
    await eventually(async () => {
      expect(await ask(worker.opsUrl, "work")).toMatchObject({ turns_running: 1 });
    });
    await expectSleepers(service.database, 1);

    const stopped = worker.stop();

    expect(await ask(worker.opsUrl, "ready")).toMatchObject({ httpStatus: 503, status: "stopping" });
    await stopped;
    expect(await service.database.query("SELECT FROM products")).toEqual([]);
  });
});

describe("/health/work", () => {
  test("is 503 when there is work and this worker takes none, and only then", async () => {
    await using service = await openTestService();
    const { accountId, token, productIds } = await service.fillShop({ products: 2 });
    const [first = "", second = ""] = productIds;
    await using direct = openServiceDatabase(service.database.url);
    // Whoever has lost a turn waits for the sweeper, which looks once here.
    const worker = await service.startWorker({ WORK_STALL_SECONDS: "1", SWEEP_INTERVAL_MS: "3600000" });
    const { id } = await service.submit(token, "delete_products", [first]);
    await service.finished(token, id);
    await eventually(async () => {
      const reason = "There is nothing to do that no operator has paused.";
      expect(await ask(worker.opsUrl, "work")).toMatchObject({ httpStatus: 200, status: "ok", reason });
    });

    const queue = openServiceQueue(service);
    try {
      // Nobody gets a turn: as when a consumer died and its process did not.
      const next = await writeBulkAction(direct.database, accountId, [second]);
      await eventually(async () => {
        // The sweeper of another worker starts its lanes again and again, which is no progress.
        await sweepOnce(direct.database, { watermark: await readClock(direct.database) });
        const health = await ask(worker.opsUrl, "work");
        expect(health).toMatchObject({ httpStatus: 503, status: "stalled" });
        expect(health.reason).toMatch(/There has been work for \d+ s, and this worker takes none of it\./);
      });
      await queue.native.pause();
      await eventually(async () => {
        const reason = "There is work, but somebody paused the queue in Bull Board.";
        expect(await ask(worker.opsUrl, "work")).toMatchObject({ httpStatus: 200, status: "ok", reason });
      });
      await queue.native.resume();
      const [{ generation } = { generation: 0 }] = await service.database.query<{ generation: number }>(
        "SELECT generation FROM bulk.bulk_actions WHERE id = $1",
        [next.id],
      );
      expect(generation).toBeGreaterThan(1);
      const start = { id: next.id, actionType: next.actionType, generation, enqueuedAt: next.createdAt };
      await queue.addTurns(firstTurns(start, 1, 1));
      await service.finished(token, next.id);
    } finally {
      await queue.close();
    }
    await eventually(async () => {
      expect(await ask(worker.opsUrl, "work")).toMatchObject({ httpStatus: 200, status: "ok" });
    });
  });

  test("does not blame a worker whose chunk takes long, nor for a database that does not answer", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "1" });
    const { token, productIds } = await service.fillShop({ products: 2 });
    await slowDown(service.database, "ROW", 6);
    await using proxy = await openTcpProxy(service.database.url);
    const worker = await service.startWorker({
      ...{ DATABASE_URL: proxy.url, WORK_STALL_SECONDS: "1", WORKER_CONCURRENCY: "1" },
    });
    const { id } = await service.submit(token, "delete_products", productIds);
    // The other chunk is free for longer than the worker may be silent.
    await eventually(async () => {
      const health = await ask(worker.opsUrl, "work");
      expect(health).toMatchObject({
        ...{ httpStatus: 200, turns_running: 1 },
        reason: "Turns are taken, or were a moment ago.",
      });
      expect(health.silent_seconds).toBeGreaterThanOrEqual(2);
    });
    await service.finished(token, id);

    await proxy.cut();
    await eventually(async () => {
      expect(await ask(worker.opsUrl, "work")).toMatchObject({
        ...{ httpStatus: 200, status: "unknown" },
        reason: "The database does not say whether there is work.",
      });
    });
    await proxy.mend();
  });
});

async function ask(opsUrl: string, what: "live" | "ready" | "work"): Promise<Health> {
  const response = await fetch(`${opsUrl}/health/${what}`);
  return { httpStatus: response.status, ...((await response.json()) as Omit<Health, "httpStatus">) };
}

function reasonOf({ checks }: Health, name: string): string {
  return checks?.find((check) => check.name === name)?.reason ?? "";
}

/** For every connection from now on; those that are there end. */
async function setReadOnly({ database }: TestService, setting: string): Promise<void> {
  await database.query(`ALTER DATABASE ${database.name} ${setting}`);
  await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

async function setPolicy(url: string, policy: string): Promise<void> {
  const redis = new Redis(url);
  await redis.config("SET", "maxmemory-policy", policy);
  redis.disconnect();
}
