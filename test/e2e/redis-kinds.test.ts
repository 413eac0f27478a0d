import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFreePort } from "@bulk/local/stack/free-port";
import { describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Program } from "../support/program.ts";
import { startRedisCluster } from "../support/redis-cluster.ts";
import { sayToRedis } from "../support/redis-command.ts";
import { startWatchedRedis } from "../support/redis-sentinel.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestStack, type TestStack } from "../support/test-stack.ts";

// With a key for webhooks their queue is there as well.
const EVERY_QUEUE = { WEBHOOK_SECRET_KEY: Buffer.alloc(32, 7).toString("base64") };

// What ends without it was carried by the queue.
const NO_SWEEPER = { SWEEP_INTERVAL_MS: "3600000" };

// Loudly said in crashes.test.ts; in CI a missing Redis fails the run before it starts.
describe.skipIf(inject("redisServer") === undefined)("the queue on", () => {
  test("a Redis Cluster takes turns and counts requests, no command needs two nodes, and one may be away", async () => {
    await using cluster = disposable(await startRedisCluster(requireRedis()));
    const [first, second] = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
    const engine = { REDIS_CLUSTER: `${first},${second}`, RATE_LIMIT: "20/600" };
    await using stack = await openTestStack("postgres", { ...EVERY_QUEUE, ...NO_SWEEPER, ...engine });
    const { token, productIds } = await stack.fillShop({ products: 2_000 });
    await using worker = stack.startWorker();
    await worker.says(/taking turns/);

    const { id } = await stack.submit(token, "delete_products", productIds.slice(1));

    await eventually(() => expectEnded(stack, id), 45_000);
    await eventually(async () => {
      expect((await stack.request(token, "/v1/bulk_actions")).status).toBe(429);
    });
    const keys = await Promise.all(cluster.nodes.map(({ port }) => sayToRedis(port, "KEYS *")));
    expect(keys.filter((reply) => reply.includes("{bulk}:bulk-actions:"))).toHaveLength(1);
    expect(keys.join()).toContain("bulk-rate:");
    // The node that has nothing to do with the queue: everything goes on without it.
    await cluster.nodes.find((_, index) => !keys[index]?.includes("{bulk}"))?.kill();
    const { token: another } = await stack.fillShop({});
    const last = await stack.submit(another, "delete_products", productIds.slice(0, 1));
    await eventually(() => expectEnded(stack, last.id), 45_000);
    expect(worker.output() + stack.api.output()).not.toContain("CROSSSLOT");
    await expectEndInOrder(worker, stack.api);
  });

  test("a primary that hangs under work goes on with its replica, as the Sentinels say", async () => {
    await using redis = disposable(await startWatchedRedis(requireRedis()));
    const nobody = await findFreePort(0);
    await using stack = await openTestStack("postgres", {
      ...EVERY_QUEUE,
      REDIS_URL: `redis://${redis.name}`,
      REDIS_SENTINELS: `127.0.0.1:${nobody},127.0.0.1:${redis.sentinelPort}`,
      ...{ CHUNK_SIZE: "50", RATE_LIMIT: "100000/10" },
    });
    const { token, productIds, inUseProductIds } = await stack.fillShop({ products: 5_000, inUse: 20 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using worker = stack.startWorker();
    await worker.says(/taking turns/);
    const [later = "", ...ids] = productIds.filter((id) => !inUseProductIds.includes(id));
    const { id } = await stack.submit(token, "delete_products", [...ids, ...inUseProductIds]);
    await eventually(() => expectUnderway(stack, id));

    // Longer than anybody waits here: a worker that holds on to it would not be done in time.
    redis.hangPrimary(300).catch(() => undefined);

    expect(await stack.finished(token, id)).toMatchObject({
      status: "completed",
      skipped_record_ids: inUseProductIds,
    });
    expect(await listProducts(stack)).toEqual(new Set([later, ...inUseProductIds]));
    await eventually(async () => expect(await sayToRedis(redis.replica.port, "ROLE")).toContain("master"));
    const next = await stack.submit(token, "delete_products", [later]);
    expect(await stack.finished(token, next.id)).toMatchObject({ status: "succeeded" });
    await expectEndInOrder(worker, stack.api);
  });

  test("a server that speaks TLS only, with a certificate of one's own", async () => {
    await using certificate = disposable(await makeCertificate());
    const port = await findFreePort(0);
    await using _redis = disposable(
      await startRedisServer(requireRedis(), [
        ...["--tls-port", String(port), "--tls-auth-clients", "no", "--requirepass", "secret"],
        ...["--tls-cert-file", certificate.file, "--tls-key-file", certificate.key],
        ...["--tls-ca-cert-file", certificate.file],
      ]),
    );
    await using stack = await openTestStack("postgres", {
      ...{ ...EVERY_QUEUE, ...NO_SWEEPER },
      REDIS_URL: `rediss://:secret@localhost:${port}`,
      NODE_EXTRA_CA_CERTS: certificate.file,
      RATE_LIMIT: "100000/10",
    });
    const { token, productIds } = await stack.fillShop({ products: 10 });
    await using worker = stack.startWorker();
    await worker.says(/taking turns/);

    const { id } = await stack.submit(token, "delete_products", productIds);

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded" });
    await expectEndInOrder(worker, stack.api);
  });
});

function requireRedis(): string {
  const program = inject("redisServer");
  if (program === undefined) throw new Error("There is no Redis to test on.");
  return program;
}

function disposable<T extends { dispose(): Promise<void> }>(thing: T): T & AsyncDisposable {
  return { ...thing, [Symbol.asyncDispose]: () => thing.dispose() };
}

async function expectEnded(stack: TestStack, id: string): Promise<void> {
  const ended = await stack.database.query(
    "SELECT FROM bulk.bulk_actions WHERE id = $1 AND status = 'succeeded'",
    [id],
  );
  expect(ended).toHaveLength(1);
}

async function expectEndInOrder(...programs: readonly Program[]): Promise<void> {
  for (const program of programs) {
    program.kill("SIGTERM");
    expect((await program.exited()).code).toBe(0);
  }
}

async function expectUnderway(stack: TestStack, id: string): Promise<void> {
  const rows = await stack.database.query(
    "SELECT FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 AND finished_at IS NOT NULL",
    [id],
  );
  expect(rows.length).toBeGreaterThan(10);
}

async function listProducts(stack: TestStack): Promise<ReadonlySet<string>> {
  const left = await stack.database.query<{ id: string }>("SELECT id FROM products");
  return new Set(left.map((row) => row.id));
}

async function makeCertificate() {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-tls-"));
  const [file, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", file, "-keyout", key],
  ]);
  return { file, key, dispose: () => rm(directory, { recursive: true, force: true }) };
}
