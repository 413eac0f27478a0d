import { randomBytes } from "node:crypto";
import { findFreePort } from "@bulk/local/stack/free-port";
import { setThrottle } from "@bulk/store/operations/throttles";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { createClient } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startProgram } from "../support/program.ts";
import { randomIds } from "../support/random-ids.ts";
import { readText } from "../support/repository.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { expectSleepers } from "../support/sleepers.ts";
import { slowDown } from "../support/slow-down.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { openTestStack, queueEngines, type TestStack } from "../support/test-stack.ts";
import { expectUnderway } from "../support/underway.ts";

/** Sets a process's clock an hour back. */
const HOUR_BEHIND = `--import=data:text/javascript,${encodeURIComponent(
  "const now = Date.now; Date.now = () => now() - 3600000;",
)}`;

describe.each(queueEngines(inject("redisServer")))("with the queue on %s", (engine) => {
  test("a worker whose clock is an hour behind takes throttled turns in time", async () => {
    await using stack = await openTestStack(engine, { SWEEP_INTERVAL_MS: "3600000", CHUNK_SIZE: "100" });
    const { token } = await stack.fillShop({});
    await using service = openServiceDatabase(stack.database.url);
    const throttle = { actionType: null, recordsPerSecond: 200, setBy: "test" };
    await setThrottle(service.database, throttle);
    const { id } = await stack.submit(token, "delete_products", randomIds(500));
    const environment = { ...stack.environment, NODE_OPTIONS: HOUR_BEHIND };
    await using worker = startProgram("apps/worker/src/main.ts", environment);

    await worker.says(/"ending":"throttled"/);
    // The sweeper rests: a turn that waits for an hour would not be made up for.
    expect(await stack.finished(token, id)).toMatchObject({ status: "invalid" });
  });

  test("a worker killed in mid-action changes only the time it takes", async () => {
    await using stack = await openTestStack(engine, { CHUNK_SIZE: "100" });
    const { token, productIds, inUseProductIds } = await stack.fillShop({ products: 20_000, inUse: 50 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using first = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);
    await eventually(() => expectUnderway(stack.database, id));

    first.kill("SIGKILL");
    expect(await first.exited()).toEqual({ code: null, signal: "SIGKILL" });
    expect((await stack.retrieve(token, id)).status).toBe("processing");
    await using _second = stack.startWorker();

    const ended = await stack.finished(token, id);
    expect(ended).toMatchObject({ status: "completed", skipped_record_ids: inUseProductIds });
    await expectHonest(stack, id, productIds.length);
  });

  test("one of two workers killed leaves the other to finish", async () => {
    await using stack = await openTestStack(engine, { CHUNK_SIZE: "100" });
    const { token, productIds } = await stack.fillShop({ products: 20_000 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using first = stack.startWorker();
    await using _second = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);
    await eventually(() => expectUnderway(stack.database, id));

    first.kill("SIGKILL");

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    await expectHonest(stack, id, productIds.length);
  });

  test("an API killed right after its 200 has promised nothing it does not keep", async () => {
    await using stack = await openTestStack(engine);
    const { token, productIds } = await stack.fillShop({ products: 2_000 });
    const { id } = await stack.submit(token, "delete_products", productIds);
    stack.api.kill("SIGKILL");
    await stack.api.exited();

    await using _worker = stack.startWorker();
    await using _api = await stack.restartApi();

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
  });
});

describe("SIGTERM", () => {
  test("lets a worker finish its running chunks, exit with 0, and others go on", async () => {
    await using stack = await openTestStack("postgres", { CHUNK_SIZE: "100" });
    const { token, productIds } = await stack.fillShop({ products: 10_000 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using first = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);
    await eventually(() => expectUnderway(stack.database, id));

    first.kill("SIGTERM");

    expect(await first.exited()).toEqual({ code: 0, signal: null });
    expect(first.output()).toContain("worker stopped");
    await using _second = stack.startWorker();
    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
  });

  test("lets the API answer what it has begun and exit with 0", async () => {
    await using stack = await openTestStack("postgres");
    const { token, productIds } = await stack.fillShop({ products: 1 });
    await holdCreates(stack.database);

    const answer = stack.submit(token, "delete_products", productIds);
    const submitted = answer.then(({ id }) => [{ id }]);
    await expectSleepers(stack.database, 1);
    stack.api.kill("SIGTERM");
    await stack.api.says(/api is stopping/);
    await expect(fetch(stack.url)).rejects.toThrow("fetch failed");
    expect(stack.api.output()).not.toContain("api stopped");
    await stack.database.query("DELETE FROM held");

    expect(await submitted).toEqual(await stack.database.query("SELECT id FROM bulk.bulk_actions"));
    expect(await stack.api.exited()).toEqual({ code: 0, signal: null });
  });
});

describe.skipIf(inject("redisServer") === undefined)("SIGTERM while Redis is away", () => {
  test("lets a worker that sends webhooks finish its running chunks and exit with 0 within half a minute", async () => {
    const secretKey = randomBytes(32).toString("base64");
    await using stack = await openTestStack("redis", { CHUNK_SIZE: "100", WEBHOOK_SECRET_KEY: secretKey });
    const { token, productIds } = await stack.fillShop({ products: 10_000 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using worker = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);
    await eventually(() => expectUnderway(stack.database, id));

    await stack.redis?.kill();
    worker.kill("SIGTERM");
    stack.api.kill("SIGINT");
    const toldAt = performance.now();

    expect(await worker.exited()).toEqual({ code: 0, signal: null });
    expect(performance.now() - toldAt).toBeLessThan(30_000);
    expect(await stack.api.exited()).toEqual({ code: 0, signal: null });
  });
});

describe("a start that cannot work", () => {
  test.each([
    [
      "apps/api/src/main.ts",
      { PORT: "70000", DATABASE_ULR: "x" },
      /DATABASE_URL: must be set\n {2}PORT: must be a whole number.*\n.*Did you mean DATABASE_URL\?/,
    ],
    ["apps/worker/src/main.ts", { DATABASE_URL: "mysql://x", TURN_MS: "no" }, /DATABASE_URL: must be a URL/],
  ] as const)("of %s lists every fault by name and exits with 1", async (entry, environment, expected) => {
    await using program = startProgram(entry, environment);
    expect(await program.exited()).toEqual({ code: 1, signal: null });
    expect(program.output()).toMatch(expected);
    expect(program.output()).not.toMatch(/\n\s+at /);
  });

  test("of API and worker on a database that was never migrated says so, and they are not ready until it is", async () => {
    const database = await createTestDatabase();
    await database.query("DROP SCHEMA bulk CASCADE");
    const [port, ...opsPorts] = [await findFreePort(0), await findFreePort(0), await findFreePort(0)].map(
      String,
    );
    const [OPS_PORT, WORKER_OPS_PORT] = opsPorts;
    const environment = { DATABASE_URL: database.url, PORT: port, OPS_PORT, WORKER_OPS_PORT, REDIS_ULR: "x" };
    {
      await using api = startProgram("apps/api/src/main.ts", environment);
      await using worker = startProgram("apps/worker/src/main.ts", environment);
      for (const program of [api, worker]) {
        const unready = await program.says(/"level":50.*"reason":"([^"]+)".*not ready: run pnpm migrate/);
        expect(unready[1]).toMatch(/^The database has never been migrated\./);
        await program.says(/"level":40.*"variable":"REDIS_ULR","nearest":"REDIS_URL"/);
      }
      await eventually(async () => expect(await readinessAt(opsPorts)).toEqual([503, 503]));
      const client = createClient(`http://127.0.0.1:${port}`);
      expect((await client.request("bulk_live_x", "/v1/bulk_actions")).status).toBe(503);

      await using migrate = startProgram("packages/local/src/migrate.ts", environment);
      expect(await migrate.exited()).toEqual({ code: 0, signal: null });
      expect(migrate.output()).toContain("Warning: REDIS_ULR is not a variable of this service.");
      await eventually(async () => expect(await readinessAt(opsPorts)).toEqual([200, 200]), 20_000);
      for (const program of [api, worker]) await program.says(/schema ready/);
    }
    await database.dispose();
  });

  test.each([
    "apps/api/src/main",
    "apps/worker/src/main",
    "apps/admin/src/main",
    "packages/local/src/migrate",
  ] as const)("of %s on a Node that cannot run TypeScript says what to do", async (entry) => {
    const pretended = `Object.defineProperty(process, "versions", { value: { node: "20.1.0" } })`;
    const environment = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(pretended)}` };
    await using program = startProgram(`${entry}.ts`, environment);
    expect(await program.exited()).toEqual({ code: 1, signal: null });
    expect(program.output()).toMatch(/^This is Node 20\.1\.0; the service needs Node 24 .* `npx -y pnpm@/);
    // Nothing else that an older Node would stumble over before it gets there.
    expect(readText(`${entry}.js`)).not.toMatch(/^import /m);
  });

  test("because its port is taken names the variable to set and exits with 1", async () => {
    await using stack = await openTestStack("postgres");
    const { port } = new URL(stack.url);
    await using second = startProgram("apps/api/src/main.ts", { ...stack.environment, PORT: port });
    expect(await second.exited()).toEqual({ code: 1, signal: null });
    expect(second.output()).toMatch(
      new RegExp(`Port ${port} on 127.0.0.1 is in use .* set PORT to a free port`),
    );
    expect(second.output()).not.toMatch(/\n\s+at /);
  });
});

beforeAll(() => {
  if (inject("redisServer") === undefined) console.warn("!!! No Redis: its crash tests are skipped !!!");
});

/** Keeps creates from ending as long as there is a row in `held`; a lock would run into the API's time-out. */
async function holdCreates(database: TestDatabase): Promise<void> {
  await database.query("CREATE TABLE held AS SELECT");
  await database.query(`
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN WHILE EXISTS (SELECT FROM held) LOOP PERFORM pg_sleep(0.05); END LOOP; RETURN NULL; END $$`);
  await database.query(
    "CREATE TRIGGER hold AFTER INSERT ON bulk.bulk_action_chunks FOR EACH STATEMENT EXECUTE FUNCTION hold()",
  );
}

// What is left of the shop is exactly what the outcomes say.
async function expectHonest(stack: TestStack, id: string, submitted: number): Promise<void> {
  const [tally] = await stack.database.query(
    `SELECT sum(done_count)::int AS done, sum(deleted_count)::int AS deleted,
            (SELECT count(*)::int FROM products) AS left
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1`,
    [id],
  );
  expect(tally).toEqual({ done: submitted, deleted: submitted - tally?.["left"], left: tally?.["left"] });
}

async function readinessAt(ports: readonly string[]): Promise<readonly number[]> {
  const answers = ports.map((port) => fetch(`http://127.0.0.1:${port}/health/ready`));
  return (await Promise.all(answers)).map(({ status }) => status);
}
