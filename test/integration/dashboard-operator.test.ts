import { afterAll, beforeAll, expect, test } from "vitest";
import { openConsole } from "../support/console.ts";
import { type Dashboard, signIn, writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/** Turns queue up behind each other here, on a machine that may be busy besides. */
const PATIENCE_MS = 60_000;

/** Records enough to click at while they are deleted. */
const LONG = 2_000;

let service: TestService;
let anna: Dashboard;

// Chunks take longer than a turn, and there are more lanes than hands: turns wait all the time.
beforeAll(async () => {
  service = await openTestService({
    DASHBOARD_USERS: (await writeUsers()).join(),
    ...{ CHUNK_SIZE: "10", WINDOW: "4", WORKER_CONCURRENCY: "2", TURN_MS: "10" },
    ...{ SWEEP_INTERVAL_MS: "200", LOCK_TIMEOUT_MS: "200" },
  });
  await slowDown(service.database, "STATEMENT", 0.03);
  anna = await signIn(service.opsUrl, "anna");
  await service.startWorker();
});

afterAll(() => service[Symbol.asyncDispose]());

test("a queue that is emptied again and again in the middle of a bulk action costs time, and no outcome", async () => {
  const action = await submit(LONG);
  await expectTurns("prioritized");
  await click("/empty");
  // What waits by then, if anything, is a matter of luck.
  await click("/empty");
  await expectTrueOutcomes(action);
});

test("a turn that is removed alone costs its lane, and no outcome", async () => {
  const action = await submit(LONG);
  const removed = await eventually(async () => {
    const [turn] = await anna.jobs("prioritized");
    // One that was taken meanwhile cannot be removed.
    expect((await anna.change(`/${turn?.id}/clean`)).status).toBe(204);
    return turn;
  }, PATIENCE_MS);
  expect(removed?.data["bulkActionId"]).toBe(action.id);
  await expectTrueOutcomes(action);
});

test("a queue that is paused takes no turn, says so, and may be cleaned; resumed, the bulk action ends", async () => {
  await click("/pause");
  const action = await submit(10);
  await eventually(async () => expect(await anna.jobs("waiting")).toHaveLength(1), PATIENCE_MS);
  expect(await anna.queues("waiting")).toMatchObject([{ isPaused: true }]);
  expect(await readPage(action.id)).toContain(
    "The queue is paused in Bull Board. No turn runs until it is resumed there.",
  );
  // The sweeper, which takes nothing for lost before, has looked and added no turn.
  await eventually(() => expectQuiet(action.id, "4 s"), PATIENCE_MS);
  const generations = await service.database.query("SELECT generation FROM bulk.bulk_actions WHERE id = $1", [
    action.id,
  ]);
  expect(generations).toEqual([{ generation: 1 }]);
  // Bull Board spares what is younger than five seconds.
  await eventually(async () => {
    await click("/clean/wait");
    expect(await anna.jobs("waiting")).toEqual([]);
  }, PATIENCE_MS);
  expect(await service.retrieve(action.token, action.id)).toMatchObject({ status: "pending" });
  await click("/resume");
  await expectTrueOutcomes(action);
  expect(await readPage(action.id)).not.toContain("The queue is paused");
  const switches = await service.database.query(
    "SELECT kind, by, detail, refusal FROM bulk.journal WHERE kind LIKE '%queue' ORDER BY at",
  );
  expect(switches).toEqual([
    { kind: "pause_queue", by: "anna", detail: "bulk-actions", refusal: null },
    { kind: "resume_queue", by: "anna", detail: "bulk-actions", refusal: null },
  ]);
  expect(await readPage(action.id)).toMatch(
    /Queue paused in Bull Board by anna[\s\S]*Queue resumed in Bull Board by anna/,
  );
});

test("a turn that backs off and is promoted finds its records still locked, and backs off again", async () => {
  const action = await prepare(10);
  await using locker = await lockRows(service.database, "products", action.productIds.slice(5));
  const { id } = await service.submit(action.token, "delete_products", action.productIds);
  const promoted = new Set<string>();
  await eventually(async () => {
    for (const turn of await anna.jobs("delayed")) {
      if ((await anna.change(`/${turn.id}/promote`)).ok) promoted.add(turn.id);
    }
    await click("/promote");
    expect(promoted.size).toBeGreaterThanOrEqual(3);
  }, PATIENCE_MS);
  expect(await service.retrieve(action.token, id)).toMatchObject({ status: "processing" });
  await locker.release();
  await expectTrueOutcomes({ ...action, id });
});

test("turns that failed, and then all that ended, are tried again and do nothing twice", async () => {
  const action = await submit(LONG);
  const failed = await eventually(async () => {
    await endConnectionsAtWork();
    const turn = (await anna.jobs("failed")).find(({ data }) => data["bulkActionId"] === action.id);
    if (turn === undefined) throw new Error("None has failed yet.");
    return turn;
  }, PATIENCE_MS);
  expect(failed.failedReason).toMatch(/^The database was away, .*\. Nothing is lost/);
  expect(failed.stacktrace.join()).not.toMatch(/node_modules|postgres:|SELECT/);
  await click(`/${failed.id}/retry`);
  await click("/retry/failed");
  await expectTrueOutcomes(action);
  await click("/clean/completed");
  await click("/retry/completed");
  await eventually(
    async () => expect(await countTurns("active", "waiting", "prioritized")).toBe(0),
    PATIENCE_MS,
  );
  await expectTrueOutcomes(action);
});

type Submitted = { readonly token: string; readonly productIds: readonly string[]; readonly inUse: number };

/** A shop of its own, some of whose products must stay. */
async function prepare(products: number): Promise<Submitted> {
  const inUse = 3;
  const { token, productIds } = await service.fillShop({ products, inUse }, `shop of ${Math.random()}`);
  return { token, productIds, inUse };
}

async function submit(products: number): Promise<Submitted & { readonly id: string }> {
  const shop = await prepare(products);
  const { id } = await service.submit(shop.token, "delete_products", shop.productIds);
  return { ...shop, id };
}

async function click(path: string): Promise<void> {
  const answer = await anna.change(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

async function countTurns(...states: readonly string[]): Promise<number> {
  const [queue] = await anna.queues("latest");
  return states.reduce((sum, state) => sum + (queue?.counts[state] ?? 0), 0);
}

async function expectTurns(state: string): Promise<void> {
  await eventually(async () => expect(await countTurns(state)).toBeGreaterThan(0), PATIENCE_MS);
}

async function expectQuiet(id: string, duration: string): Promise<void> {
  const [action] = await service.database.query(
    "SELECT clock_timestamp() - created_at > $2::interval AS quiet FROM bulk.bulk_actions WHERE id = $1",
    [id, duration],
  );
  expect(action).toEqual({ quiet: true });
}

async function readPage(id: string): Promise<string> {
  return await openConsole(service.opsUrl, anna.cookies).page(`/bulk-actions/${id}`);
}

/** Waits for the end; then every product is gone and counted as deleted once, or there and counted as skipped. */
async function expectTrueOutcomes({ token, id, productIds, inUse }: Submitted & { readonly id: string }) {
  expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
  const [counts] = await service.database.query(
    `SELECT sum(deleted_count)::int AS deleted, sum(skipped_count)::int AS skipped, sum(done_count)::int AS done,
            (SELECT count(*)::int FROM products WHERE id = ANY($2::uuid[])) AS there
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1`,
    [id, productIds],
  );
  const deleted = productIds.length - inUse;
  expect(counts).toEqual({ deleted, skipped: inUse, done: productIds.length, there: inUse });
}

async function endConnectionsAtWork(): Promise<void> {
  await service.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'bulk-actions-worker' AND wait_event = 'PgSleep'`,
  );
}
