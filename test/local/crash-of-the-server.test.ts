import { fillShop } from "@bulk/local/fill-shop";
import { readConfig } from "@bulk/service/config/read-config";
import { createLogger } from "@bulk/service/process/logger";
import { cancelBulkAction } from "@bulk/store/bulk-actions/cancel-bulk-action";
import { settle } from "@bulk/store/bulk-actions/settle";
import { applyNextChunk } from "@bulk/store/chunks/apply-chunk";
import { applyNextChunkCarefully } from "@bulk/store/chunks/careful-chunk";
import type { Database } from "@bulk/store/database";
import { workerConfig } from "@bulk/worker/config";
import { startWorker } from "@bulk/worker/start-worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { deleteProducts, registry } from "../support/registry.ts";
import { queryOnce } from "../support/replicated-postgres.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { startUnflushedPostgres, type UnflushedPostgres } from "../support/unflushed-postgres.ts";
import { writeBulkAction } from "../support/write-bulk-action.ts";

const TRIES = [
  ["fast", applyNextChunk],
  ["careful", applyNextChunkCarefully],
] as const;

let postgres: UnflushedPostgres;

beforeAll(async () => {
  postgres = await startUnflushedPostgres();
});

afterAll(() => postgres[Symbol.asyncDispose]());

describe("when the database server crashes before it wrote its log to disk", () => {
  test.each(TRIES)(
    "a chunk on the %s path loses effect and outcome together, and is done again",
    async (_, tryNext) => {
      const { id } = await submit();
      await postgres.stopFlushing();
      await withDatabase(async (database) => {
        await tryNext(database, sourceOf(id), deleteProducts);
        await tryNext(database, sourceOf(id), deleteProducts);
      });
      expect(await readState(id)).toEqual({ status: "pending", done: 2_000, deleted: 2_000, left: 1_000 });

      await postgres.crash();

      expect(await readState(id)).toEqual({ status: "pending", done: 0, deleted: 0, left: 3_000 });
      await withDatabase(async (database) => {
        await applyAll(database, id);
        await settle(database, id, registry);
      });
      expect(await readState(id)).toEqual({ status: "succeeded", done: 3_000, deleted: 3_000, left: 0 });
    },
  );

  test("an accepted bulk action is there", async () => {
    const { accountId, productIds } = await fillNewShop();
    await postgres.stopFlushing();
    const { id } = await withDatabase((database) => writeBulkAction(database, accountId, productIds));

    await postgres.crash();

    expect(await readState(id)).toEqual({ status: "pending", done: 0, deleted: 0, left: 3_000 });
  });

  test("a terminal status is there, with every chunk before it", async () => {
    const { id } = await submit();
    await postgres.stopFlushing();
    await withDatabase(async (database) => {
      await applyAll(database, id);
      expect(await settle(database, id, registry)).toMatchObject({ kind: "settled" });
    });

    await postgres.crash();

    expect(await readState(id)).toEqual({ status: "succeeded", done: 3_000, deleted: 3_000, left: 0 });
  });

  test("a cancel is there, with every chunk before it", async () => {
    const { id, accountId } = await submit();
    await postgres.stopFlushing();
    await withDatabase(async (database) => {
      await applyNextChunk(database, sourceOf(id), deleteProducts);
      const canceled = await cancelBulkAction(database, accountId, id, "test", registry);
      expect(canceled).toMatchObject({ kind: "canceled", settlement: { kind: "settled" } });
    });

    await postgres.crash();

    expect(await readState(id)).toEqual({ status: "completed", done: 1_000, deleted: 1_000, left: 2_000 });
  });

  test("a worker goes on by itself, and rows and outcomes agree all the time", async () => {
    const { id } = await submit();
    await queryOnce(postgres.url, SLOW_DELETIONS);
    const variables = { DATABASE_URL: postgres.url, WORKER_OPS_PORT: "0", PROTECT: "off", WINDOW: "1" };
    const worker = await startWorker(
      readConfig(workerConfig, variables),
      createLogger({ name: "test", level: "silent" }),
    );
    try {
      await eventually(async () => expect((await readState(id)).done).toBeGreaterThan(0), 30_000);
      await postgres.stopFlushing();
      await postgres.crash();

      const disagreements: State[] = [];
      await eventually(async () => {
        const state = await readState(id);
        if (state.left !== 3_000 - state.deleted) disagreements.push(state);
        expect(state).toEqual({ status: "succeeded", done: 3_000, deleted: 3_000, left: 0 });
      });
      expect(disagreements).toEqual([]);
    } finally {
      await worker.stop();
    }
  });
});

/** Three chunks of 1,000 products that only they name. */
async function submit(): Promise<{ readonly id: string; readonly accountId: string }> {
  const { accountId, productIds } = await fillNewShop();
  const { id } = await withDatabase((database) => writeBulkAction(database, accountId, productIds));
  return { id, accountId };
}

/** The only one with products. */
async function fillNewShop() {
  await queryOnce(postgres.url, "DELETE FROM products");
  return await fillShop(postgres.url, "shop", { products: 3_000, customers: 0, inUse: 0 });
}

async function withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  await using service = openServiceDatabase(postgres.url);
  return await work(service.database);
}

function sourceOf(bulkActionId: string) {
  return { bulkActionId, actionType: "delete_products", generation: 1 };
}

async function applyAll(database: Database, id: string): Promise<void> {
  while ((await applyNextChunk(database, sourceOf(id), deleteProducts)) !== undefined);
}

type State = {
  readonly status: string;
  readonly done: number;
  readonly deleted: number;
  /** Products in the shop. */
  readonly left: number;
};

async function readState(id: string): Promise<State> {
  const [state] = await queryOnce<State>(
    postgres.url,
    `SELECT status, sum(done_count)::int AS done, sum(deleted_count)::int AS deleted,
            (SELECT count(*)::int FROM products) AS left
     FROM bulk.bulk_actions JOIN bulk.bulk_action_chunks ON bulk_action_id = id WHERE id = '${id}' GROUP BY status`,
  );
  if (state === undefined) throw new Error(`There is no bulk action ${id}.`);
  return state;
}

/** Long enough that the crash comes before the last chunk. */
const SLOW_DELETIONS = `
  CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
  CREATE TRIGGER be_slow AFTER DELETE ON products FOR EACH STATEMENT EXECUTE FUNCTION be_slow()`;
