import { fillShop } from "@bulk/local/fill-shop";
import { firstTurns } from "@bulk/queue/turns/turn";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turns/turn-queue";
import { type Database, openDatabase } from "@bulk/store/database";
import { readReplicaLag } from "@bulk/store/operations/replica-lag";
import { examineWrites } from "@bulk/store/rights/examine-writes";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startProgram } from "../support/program.ts";
import {
  queryOnce,
  type ReplicatedPostgres,
  startReplicatedPostgres,
} from "../support/replicated-postgres.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { writeBulkAction } from "../support/write-bulk-action.ts";

let postgres: ReplicatedPostgres;

beforeAll(async () => {
  postgres = await startReplicatedPostgres();
});

afterAll(() => postgres[Symbol.asyncDispose]());

test("with MAX_REPLICA_LAG_SECONDS no chunk is begun while a replica is further behind; without replica or right, all is as ever", async () => {
  await using tools = openTools(postgres.url);
  const size = { products: 2, customers: 0, inUse: 0 };
  const { accountId, productIds } = await fillShop(postgres.url, "shop", size);
  const variables = { DATABASE_URL: postgres.url, WORKER_OPS_PORT: "0", MAX_REPLICA_LAG_SECONDS: "1" };
  await using worker = startProgram("apps/worker/src/main.ts", variables);
  expect(await readReplicaLag(tools.database)).toEqual({ kind: "no_replica" });
  await submit(tools, accountId, productIds.slice(0, 1));
  await expectLeft(postgres.url, 1);

  const replicaUrl = await postgres.startReplica();
  await using replica = openServiceDatabase(replicaUrl);
  expect(await examineWrites(replica.database)).toMatchObject({ reason: READ_ONLY });
  await queryOnce(replicaUrl, "SELECT pg_wal_replay_pause()");
  await eventually(async () => {
    // Each write makes the replica report.
    await queryOnce(postgres.url, "SELECT pg_logical_emit_message(false, 'test', 'written', true)");
    const lag = await readReplicaLag(tools.database);
    expect(lag.kind === "known" && lag.lagSeconds).toBeGreaterThan(2);
  }, 30_000);
  await submit(tools, accountId, productIds.slice(1));
  await eventually(() => {
    expect([...worker.output().matchAll(/"ending":"replica_lags"/g)].length).toBeGreaterThan(1);
  });
  await expectLeft(postgres.url, 1);

  await queryOnce(replicaUrl, "SELECT pg_wal_replay_resume()");
  await expectLeft(postgres.url, 0);
  await using outsider = openServiceDatabase(await createOutsider(postgres.url));
  expect(await readReplicaLag(outsider.database)).toEqual({ kind: "not_permitted" });
});

test("a commit that waits for a synchronous standby makes the database unavailable, and no second one is tried", async () => {
  await fillShop(postgres.url, "shop", { products: 0, customers: 0, inUse: 0 });
  const limits = { poolSize: 1, lockTimeoutMs: 1_000, statementTimeoutMs: 1_000 };
  const database = openDatabase({ url: postgres.url, applicationName: "test", ...limits });
  expect(await examineWrites(database)).toEqual({ status: "ok" });
  await setStandbyNames("'nobody'");
  await eventually(() => expect(examineWrites(database)).rejects.toThrow("Query read timeout"));

  for (let n = 0; n < 3; n += 1) {
    const reason = "PostgreSQL does not finish commits: a synchronous standby does not confirm them.";
    expect(await examineWrites(database)).toEqual({ status: "unavailable", reason });
  }

  const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  expect(await queryOnce(postgres.url, waiting)).toHaveLength(1);
  await setStandbyNames("DEFAULT");
  await eventually(async () => expect(await examineWrites(database)).toEqual({ status: "ok" }));
  await database.$disconnect();
});

const READ_ONLY = "PostgreSQL is read-only: it is a standby, or default_transaction_read_only is on.";

async function setStandbyNames(names: string): Promise<void> {
  await queryOnce(postgres.url, `ALTER SYSTEM SET synchronous_standby_names = ${names}`);
  await queryOnce(postgres.url, "SELECT pg_reload_conf()");
}

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
