import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startProgram } from "../support/program.ts";
import { slowDown } from "../support/slow-down.ts";
import type { TestDatabase } from "../support/test-database.ts";
import { openTestStack } from "../support/test-stack.ts";
import { expectUnderway } from "../support/underway.ts";

describe("a database that has no room", () => {
  test("costs no record anything: the action waits, says so in the log, and ends when there is room again", async () => {
    await using stack = await openTestStack("postgres");
    const { token, productIds } = await stack.fillShop({ products: 300 });
    await beFullOn(stack.database, "UPDATE ON bulk.bulk_action_chunks");
    await using worker = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);

    await worker.says(/53100.*turn failed; nothing is lost/);
    expect(await stack.database.query("SELECT count(*)::int AS left FROM products")).toEqual([{ left: 300 }]);
    await stack.database.query("DROP TRIGGER be_full ON bulk.bulk_action_chunks");

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
  });

  test("accepts no action, says so with a 503, and accepts again when there is room", async () => {
    await using stack = await openTestStack("postgres");
    const { token, productIds } = await stack.fillShop({ products: 3 });
    await beFullOn(stack.database, "INSERT ON bulk.bulk_actions");

    const refused = await stack.request(token, "/v1/bulk_actions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: productIds } }),
    });

    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: "service.unavailable", validation_errors: [] });
    await stack.database.query("DROP TRIGGER be_full ON bulk.bulk_actions");
    expect(await stack.submit(token, "delete_products", productIds)).toMatchObject({ status: "pending" });
  });
});

async function beFullOn(database: TestDatabase, event: string): Promise<void> {
  await database.query(`
    CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
  await database.query(`CREATE TRIGGER be_full BEFORE ${event} FOR EACH ROW EXECUTE FUNCTION be_full()`);
}

describe("a record that is given up", () => {
  test.each([
    ["Refused by a rule of the shop", "23514", /record given up; the database refuses it/],
    ["Serialisation failed", "40001", /record given up; submit its id again/],
  ])("is told in the log with what to do about it: %s", async (message, code, advice) => {
    await using stack = await openTestStack("postgres");
    const { token, productIds } = await stack.fillShop({ products: 1 });
    await stack.database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '${message}' USING ERRCODE = '${code}'; END $$`);
    await stack.database.query(
      "CREATE TRIGGER refuse BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    await using worker = stack.startWorker();

    const { id } = await stack.submit(token, "delete_products", productIds);

    await worker.says(advice);
    expect(await stack.finished(token, id)).toMatchObject({ status: "completed" });
    expect(worker.output()).not.toContain(message);
  });
});

describe("a database that has too many connections", () => {
  test("costs no record anything: the action waits, and ends when connections are free again", async () => {
    await using stack = await openTestStack("postgres", { CHUNK_SIZE: "50" });
    const { token, productIds } = await stack.fillShop({ products: 5_000 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using role = await createLimitedRole(stack.database);
    await using worker = startProgram("apps/worker/src/main.ts", {
      ...stack.environment,
      DATABASE_URL: role.url,
    });
    const { id } = await stack.submit(token, "delete_products", productIds);
    await eventually(() => expectUnderway(stack.database, id));

    await role.refuseConnections();
    await worker.says(/53300/);
    await role.acceptConnections();

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await stack.database.query("SELECT FROM bulk.bulk_action_chunks WHERE failed_count > 0")).toEqual(
      [],
    );
  });
});

type LimitedRole = AsyncDisposable & {
  /** The database, as this role. */
  readonly url: string;
  /** Ends the connections there are; new ones are told that there are too many. */
  refuseConnections(): Promise<void>;
  acceptConnections(): Promise<void>;
};

// No superuser, as those are exempt from every limit, but with the rights of one.
async function createLimitedRole(database: TestDatabase): Promise<LimitedRole> {
  const name = `limited_${randomBytes(6).toString("hex")}`;
  await database.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`);
  await database.query(`GRANT ${new URL(database.url).username} TO ${name}`);
  const url = new URL(database.url);
  url.username = name;
  url.password = name;
  return {
    url: url.href,
    async refuseConnections() {
      await database.query(`ALTER ROLE ${name} CONNECTION LIMIT 0`);
      await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [
        name,
      ]);
    },
    async acceptConnections() {
      await database.query(`ALTER ROLE ${name} CONNECTION LIMIT -1`);
    },
    async [Symbol.asyncDispose]() {
      // Refused as long as the worker's connections are there.
      await eventually(() => database.query(`DROP ROLE ${name}`));
    },
  };
}
