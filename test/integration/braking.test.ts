import { setTimeout as wait } from "node:timers/promises";
import { openDatabase } from "@bulk/store/database";
import { freePoliteLane, takePoliteLane } from "@bulk/store/operations/polite-lane";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { runPrintedGrants } from "../support/granted-role.ts";
import { scrape } from "../support/scrape.ts";
import { openTestService, type TestService, type TestWorker } from "../support/test-service.ts";

let service: TestService;
let observer: ReturnType<typeof openObserver>;

beforeEach(async () => {
  service = await openTestService({ PROTECT: "on" });
  observer = openObserver(service.database.url);
});

afterEach(async () => {
  await observer.end();
  await service[Symbol.asyncDispose]();
});

test("while another session works, chunks are slowed down, and no longer once it is gone", async () => {
  await countSlices();
  const { token, productIds } = await service.fillShop({ products: 40_000 });
  await using shopper = await startShopper(service.database.url);
  const worker = await service.startWorker();
  const { id } = await service.submit(token, "delete_products", productIds);
  await eventually(async () => {
    expect(await readGauges(worker)).toMatchObject({
      shop_is_active: 1,
      sessions_wait: 0,
      target_ratio: 1.25,
    });
    expect((await readGauges(worker))["records_per_second"]).toBeGreaterThan(0);
  });
  const [brake] = await observer.query(
    "SELECT reason, target, slice_size FROM bulk.brake WHERE braked_at IS NOT NULL",
  );
  expect(brake).toMatchObject({ reason: "shop_is_active", target: 1.25 });
  await eventually(async () => expect((await readGauges(worker))["measured_ratio"]).toBeGreaterThan(0));

  await shopper.leave();
  await eventually(async () => {
    expect(await readGauges(worker)).toEqual({ shop_is_active: 0, sessions_wait: 0 });
  });
  // Not because the work has ended: a worker has seen it.
  expect(await observer.query("SELECT braked_at, reason FROM bulk.brake")).toEqual([
    { braked_at: null, reason: null },
  ]);
  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  const [slices] = await observer.query("SELECT max(records)::int AS most FROM slices WHERE is_braked");
  expect(slices?.["most"]).toBeLessThan(1_000);
});

test("that workers slow down and no longer do is in the journal once, however many they are", async () => {
  await countSlices();
  const { token, productIds } = await service.fillShop({ products: 100_000 });
  await using shopper = await startShopper(service.database.url);
  const workers = [await service.startWorker(), await service.startWorker(), await service.startWorker()];
  const { id } = await service.submit(token, "delete_products", productIds);
  await eventually(async () => {
    for (const worker of workers) expect(await readGauges(worker)).toMatchObject({ shop_is_active: 1 });
  });
  const begun = { kind: "brake", by: "the brake", detail: "others use the database", bulk_action_id: null };
  expect(await readJournal()).toMatchObject([begun]);

  await shopper.leave();
  await eventually(async () => {
    for (const worker of workers) expect(await readGauges(worker)).toMatchObject({ shop_is_active: 0 });
  });
  expect(await readJournal()).toMatchObject([begun, { kind: "release", by: "the brake" }]);
  await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
  await service.finished(token, id);
});

test("while others work, all workers together run one slice at a time", async () => {
  await noteOverlaps();
  const { token, productIds } = await service.fillShop({ products: 5_000 });
  await using _shopper = await startShopper(service.database.url);
  const workers = [await service.startWorker(), await service.startWorker()];
  const { id } = await service.submit(token, "delete_products", productIds);
  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  const tries = await Promise.all(workers.map(countTries));
  expect(Math.min(...tries)).toBeGreaterThan(0);
  expect(await observer.query("SELECT * FROM side_by_side")).toEqual([]);
});

test("with PROTECT=off chunks run side by side at full speed, whoever else is there", async () => {
  await noteOverlaps();
  const { token, productIds } = await service.fillShop({ products: 5_000 });
  await using _shopper = await startShopper(service.database.url);
  await service.startWorker({ PROTECT: "off" });
  const { id } = await service.submit(token, "delete_products", productIds);
  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  expect(await observer.query("SELECT * FROM side_by_side")).not.toEqual([]);
  expect(await observer.query("SELECT * FROM bulk.brake")).toEqual([]);
});

test("a session that waits for a lock of a chunk halves the next slices", async () => {
  await observer.query(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.01); RETURN OLD; END $$;
    CREATE TRIGGER dawdle BEFORE DELETE ON public.products FOR EACH ROW EXECUTE FUNCTION dawdle()`);
  const { token, productIds } = await service.fillShop({ products: 600 });
  await using shopper = await startShopper(service.database.url);
  const worker = await service.startWorker();
  const { id } = await service.submit(token, "delete_products", productIds);
  await eventually(async () => {
    await shopper.touch(productIds);
    expect(await readGauges(worker)).toMatchObject({ sessions_wait: 1 });
  });
  const [brake] = await observer.query("SELECT slice_size, duty FROM bulk.brake");
  expect(brake?.["slice_size"]).toBeLessThanOrEqual(125);
  expect(brake?.["duty"]).toBeLessThanOrEqual(0.25);
  await shopper.leave();
  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
});

test("a session whose activity is hidden counts as active, until the role may see it", async () => {
  const role = `service_${service.database.url.slice(-6)}`;
  await observer.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
  await runPrintedGrants(service.database, { REDIS_URL: service.redis?.url }, ["--role", role]);
  const url = new URL(service.database.url);
  url.username = role;
  url.password = role;
  // The test's own connection is idle, and of another user.
  const { token, productIds } = await service.fillShop({ products: 20_000 });
  const worker = await service.startWorker({ DATABASE_URL: url.href });
  const { id } = await service.submit(token, "delete_products", productIds);
  await eventually(async () => expect(await readGauges(worker)).toMatchObject({ shop_is_active: 1 }));
  await observer.query(`GRANT pg_read_all_stats TO ${role}`);
  await eventually(async () => expect(await readGauges(worker)).toMatchObject({ shop_is_active: 0 }));
  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  await worker.stop();
  await observer.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

test("the lane of a worker that died is free when its lease ends, and its late return changes nothing", async () => {
  const database = openDatabase({
    ...{ url: service.database.url, applicationName: "bulk-actions-test", poolSize: 1 },
    ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
  });
  expect(await takePoliteLane(database, 100)).toEqual({ kind: "unknown" });
  await observer.query("INSERT INTO bulk.brake DEFAULT VALUES");
  const dead = await takeLane(300);
  expect(await takePoliteLane(database, 300)).toEqual({ kind: "busy", freeInMs: expect.any(Number) });
  const heir = await eventually(() => takeLane(60_000));
  await freePoliteLane(database, dead, { restMs: 0, recordsPerSecond: 1 });
  expect((await takePoliteLane(database, 300)).kind).toBe("busy");
  await freePoliteLane(database, heir, { restMs: 0, recordsPerSecond: 500 });
  await takeLane(300);
  expect(await observer.query("SELECT records_per_second FROM bulk.brake")).toEqual([
    { records_per_second: 500 },
  ]);
  await database.$disconnect();

  async function takeLane(leaseMs: number): Promise<string> {
    const grant = await takePoliteLane(database, leaseMs);
    if (grant.kind !== "taken") throw new Error(`The lane is ${grant.kind}.`);
    return grant.lease;
  }
});

/** A connection with a name of ours, so that what a test looks at is not taken for a shop. */
function openObserver(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 1, application_name: "bulk-actions-test" });
  return {
    query: async (text: string) => (await pool.query<Record<string, unknown>>(text)).rows,
    end: () => pool.end(),
  };
}

/** A session of others that runs one small statement after the other. */
async function readJournal() {
  return await observer.query("SELECT kind, by, detail, bulk_action_id FROM bulk.journal ORDER BY at");
}

async function startShopper(url: string) {
  const client = new pg.Client({ connectionString: url, application_name: "shop" });
  await client.connect();
  const leaving = new AbortController();
  const walk = (async () => {
    while (!leaving.signal.aborted) {
      await client.query("SELECT 1");
      await wait(20);
    }
  })();
  let hasLeft = false;
  async function leave(): Promise<void> {
    if (hasLeft) return;
    hasLeft = true;
    leaving.abort();
    await walk;
    await client.end();
  }
  return {
    leave,
    [Symbol.asyncDispose]: leave,
    /** Locks these records, one after the other. */
    async touch(ids: readonly string[]) {
      await client.query("SELECT FROM public.products WHERE id = ANY ($1::uuid[]) FOR UPDATE", [ids]);
    },
  };
}

/** Each takes long enough that the shopper leaves before all are done. */
async function countSlices(): Promise<void> {
  await observer.query(`
    CREATE TABLE slices (records int, is_braked boolean);
    CREATE FUNCTION count_slice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO public.slices
      SELECT count(*), (SELECT braked_at < clock_timestamp() - interval '1 second' FROM bulk.brake) FROM gone;
      PERFORM pg_sleep(0.02);
      RETURN NULL;
    END $$;
    CREATE TRIGGER count_slice AFTER DELETE ON public.products REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION count_slice();
    GRANT INSERT ON slices TO PUBLIC`);
}

/** Notes each statement that deletes while the transaction of another one goes on. */
async function noteOverlaps(): Promise<void> {
  await observer.query(`
    CREATE TABLE side_by_side (at timestamptz DEFAULT clock_timestamp());
    CREATE FUNCTION note_overlap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NOT pg_try_advisory_xact_lock(46) THEN INSERT INTO public.side_by_side DEFAULT VALUES; END IF;
      PERFORM pg_sleep(0.01);
      RETURN NULL;
    END $$;
    CREATE TRIGGER note_overlap BEFORE DELETE ON public.products FOR EACH STATEMENT EXECUTE FUNCTION note_overlap();
    GRANT INSERT ON side_by_side TO PUBLIC`);
}

/** The gauges of the brake, by what follows `bulk_brake_`, and by reason. */
async function readGauges(worker: TestWorker): Promise<Readonly<Record<string, number>>> {
  const samples = (await scrape(worker.opsUrl)).filter(({ name }) => name.startsWith("bulk_brake_"));
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [/reason="(\w+)"/.exec(labels)?.[1] ?? name.slice(11), value]),
  );
}

async function countTries(worker: TestWorker): Promise<number> {
  const samples = await scrape(worker.opsUrl);
  return samples.find(({ name }) => name === "bulk_chunk_duration_seconds_count")?.value ?? 0;
}
