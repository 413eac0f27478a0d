import { fillShop } from "@bulk/local/fill-shop";
import { firstTurns } from "@bulk/queue/turn";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turn-queue";
import { createLogger } from "@bulk/service/logger";
import { readConfig } from "@bulk/service/read-config";
import type { Database } from "@bulk/store/database";
import { readReplicaLag } from "@bulk/store/replica-lag";
import { workerConfig } from "@bulk/worker/config";
import { startWorker } from "@bulk/worker/start-worker";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { queryOnce, startReplicatedPostgres } from "../support/replicated-postgres.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { writeBulkAction } from "../support/write-bulk-action.ts";

test("with MAX_REPLICA_LAG_SECONDS no chunk is begun while a replica is further behind; without replica or right, all is as ever", async () => {
  await using postgres = await startReplicatedPostgres();
  await using tools = openTools(postgres.url);
  const size = { products: 2, customers: 0, inUse: 0 };
  const { accountId, productIds } = await fillShop(postgres.url, "shop", size);
  const variables = { DATABASE_URL: postgres.url, WORKER_OPS_PORT: "0", MAX_REPLICA_LAG_SECONDS: "1" };
  const worker = await startWorker(
    readConfig(workerConfig, variables),
    createLogger({ name: "test", level: "fatal" }),
  );
  try {
    expect(await readReplicaLag(tools.database)).toEqual({ kind: "no_replica" });
    await submit(tools, accountId, productIds.slice(0, 1));
    await expectLeft(postgres.url, 1);

    const replicaUrl = await postgres.startReplica();
    await queryOnce(replicaUrl, "SELECT pg_wal_replay_pause()");
    await eventually(async () => {
      // Each write makes the replica report.
      await queryOnce(postgres.url, "SELECT pg_logical_emit_message(false, 'test', 'written', true)");
      const lag = await readReplicaLag(tools.database);
      expect(lag.kind === "known" && lag.lagSeconds).toBeGreaterThan(2);
    }, 30_000);
    await submit(tools, accountId, productIds.slice(1));
    await eventually(async () => {
      const endings = (await tools.queue.native.getCompleted()).map((job) => job.returnvalue?.ending);
      expect(endings.filter((ending) => ending === "replica_lags").length).toBeGreaterThan(1);
    });
    await expectLeft(postgres.url, 1);

    await queryOnce(replicaUrl, "SELECT pg_wal_replay_resume()");
    await expectLeft(postgres.url, 0);
    await using outsider = openServiceDatabase(await createOutsider(postgres.url));
    expect(await readReplicaLag(outsider.database)).toEqual({ kind: "not_permitted" });
  } finally {
    await worker.stop();
  }
});

type Tools = AsyncDisposable & { readonly database: Database; readonly queue: TurnQueue };

function openTools(url: string): Tools {
  const opened = openServiceDatabase(url);
  const engine = { databaseUrl: url, redis: undefined };
  const queue = openTurnQueue({ engine, deadlineMs: 5_000, onError: () => undefined });
  return {
    ...{ database: opened.database, queue },
    async [Symbol.asyncDispose]() {
      await queue.close();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** Who may not see what replicas do. */
async function createOutsider(url: string): Promise<string> {
  await queryOnce(url, "CREATE ROLE outsider LOGIN PASSWORD 'outside'");
  const outside = new URL(url);
  outside.username = "outsider";
  outside.password = "outside";
  return outside.href;
}

async function submit(
  { database, queue }: Tools,
  accountId: string,
  recordIds: readonly string[],
): Promise<void> {
  const action = await writeBulkAction(database, accountId, recordIds);
  const { id, actionType, updatedAt } = action;
  await queue.addTurns(firstTurns({ id, actionType, generation: 1, enqueuedAt: updatedAt }, 1, 1));
}

async function expectLeft(url: string, count: number): Promise<void> {
  await eventually(async () => {
    expect(await queryOnce(url, "SELECT FROM products")).toHaveLength(count);
  });
}
