import { randomUUID } from "node:crypto";
import { queueEngine } from "@bulk/queue/engines/engine";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turns/turn-queue";
import { openWebhookQueue, type WebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import { eventually } from "../support/eventually.ts";
import { sayToRedis } from "../support/redis-command.ts";
import type { Attack } from "./attack.ts";
import { repeat } from "./weapons.ts";

/** What somebody can do who may write to Redis, short of stopping it, by the attack's name. */
export const QUEUE_ATTACKS: Readonly<Record<string, Attack>> = {
  "queue: forged turns": async ({ redisUrl, largeIds }, until) => {
    const queue = openTurnQueue(connect(redisUrl));
    await repeat(2, until, async (round) => {
      await queue.native.addBulk(forgeTurns(largeIds).map((job) => ({ ...job, opts: optionsOf(round) })));
    });
    await expectTaken(queue);
  },
  "queue: forged webhook jobs": async ({ redisUrl, largeIds }, until) => {
    const queue = openWebhookQueue(connect(redisUrl));
    const payloads = [
      ...[null, [], "text"],
      ...[{ accountId: 7 }, { accountId: "__proto__", rank: -1 }, { rank: 1e300 }],
    ];
    await repeat(2, until, async () => {
      const ids = [randomUUID(), "nonsense", "'; DROP TABLE bulk.webhook_endpoints; --", ...largeIds];
      const jobs = ids.flatMap((jobId) =>
        payloads.map((data) => ({ name: "deliver", data, opts: { jobId } })),
      );
      await queue.native.addBulk(jobs);
    });
    await expectTaken(queue);
  },
  "queue: jobs that are no JSON": async ({ redisUrl = "" }, until) => {
    const port = Number(new URL(redisUrl).port);
    await repeat(2, until, async () => {
      const id = `broken-${randomUUID()}`;
      const fields = "name delete_products data {not opts {not timestamp 1";
      await sayToRedis(port, `HSET {bulk}:bulk-actions:${id} ${fields}`);
      await sayToRedis(port, `RPUSH {bulk}:bulk-actions:wait ${id}`);
    });
  },
};

function connect(redisUrl: string | undefined) {
  const engine = queueEngine({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/nowhere", REDIS_URL: redisUrl });
  return { engine, deadlineMs: 5_000, onError: () => undefined };
}

/** Waits until the worker has taken every job, so that the attack has met it; throws when that takes too long. */
async function expectTaken(queue: Pick<TurnQueue | WebhookQueue, "native" | "close">): Promise<void> {
  try {
    await eventually(async () => {
      const counts = await queue.native.getJobCounts("waiting", "prioritized", "active");
      if (Object.values(counts).some((count) => count > 0))
        throw new Error(`Not all jobs were taken: ${JSON.stringify(counts)}`);
    }, 60_000);
  } finally {
    await queue.close();
  }
}

function optionsOf(round: number) {
  return { jobId: `forged-${randomUUID()}`, timestamp: [0, 1, Date.now(), 8.64e15][round % 4] ?? 0 };
}

/** Turns with whatever in any field, at the attacker's own ended bulk actions and at none. */
function forgeTurns(ids: readonly string[]) {
  const good = { bulkActionId: ids[0], generation: 1, lane: 2, turn: 1 };
  const odd = [null, [], {}, true, "", "1", -1, 1.5, 2 ** 53, 1e300, "x".repeat(10_000), randomUUID()];
  const fields = Object.keys(good).flatMap((field) => odd.map((value) => ({ ...good, [field]: value })));
  const names = ["delete_customers", "unknown", "", "constructor", "__proto__"];
  return [
    ...[...fields, [], "text", 7, null].map((data) => ({ name: "delete_products", data })),
    ...names.map((name) => ({ name, data: good })),
  ];
}
