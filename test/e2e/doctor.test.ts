import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diagnose } from "@bulk/admin/doctor/diagnose";
import type { Finding } from "@bulk/admin/doctor/finding";
import { fillShop } from "@bulk/local/fill-shop";
import { migrateEngines } from "@bulk/local/stack/engines";
import { findFreePort } from "@bulk/local/stack/free-port";
import { openTurnQueue } from "@bulk/queue/turns/turn-queue";
import { startTurnWorker } from "@bulk/queue/turns/turn-worker";
import { sealSecret } from "@bulk/webhooks/signing-secret";
import { Redis } from "ioredis";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startProgram } from "../support/program.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { readText } from "../support/repository.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await database.dispose();
});

test("where nothing is wrong, every look ends well, and so does the command", async () => {
  const findings = await diagnoseWith({});
  expect(findings.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  expect(new Set(findings.map(({ check }) => check)).size).toBe(18);

  await using doctor = startProgram("apps/admin/src/main.ts", { DATABASE_URL: database.url }, ["doctor"]);
  expect(await doctor.exited()).toEqual({ code: 0, signal: null });
  expect(doctor.output()).toContain("✓ migrations ");
  expect(doctor.output()).toMatch(/\nAll is well\.\n$/);

  // The sample in the documents is from an embedded server, too: only numbers may differ.
  const [, sample = ""] = /^```\n(✓ configuration[\s\S]*?)^```$/m.exec(readText("docs/operations.md")) ?? [];
  expect(withoutNumbers(sample)).toBe(withoutNumbers(doctor.output()));
});

function withoutNumbers(output: string): string {
  return output.replace(/\d+(\.\d+)*/g, "N");
}

test("a fault makes the command exit with 1, in plain text or JSON, and the cure stands below it", async () => {
  await database.query("DROP INDEX line_items_product_id_idx");
  const environment = { DATABASE_URL: database.url, NO_COLOR: "1" };
  await using doctor = startProgram("apps/admin/src/main.ts", environment, ["doctor"]);
  await using json = startProgram("apps/admin/src/main.ts", environment, ["doctor", "--json"]);
  expect(await doctor.exited()).toEqual({ code: 1, signal: null });
  expect(doctor.output()).toMatch(
    /^✗ indexes .*\n +CREATE INDEX CONCURRENTLY ON line_items \(product_id\);\n/m,
  );
  expect(await json.exited()).toEqual({ code: 1, signal: null });
  const findings: unknown = JSON.parse(json.output());
  expect(findings).toContainEqual(expect.objectContaining({ check: "indexes", verdict: "fault" }));
});

describe("what is wrong with the configuration", () => {
  test("is named, all of it, not shown, and hides nothing else", async () => {
    const wrong = {
      WORKER_CONCURRENCY: "s3cret",
      LOG_LEVEL: "s3cret",
      OPS_PORT: "3000",
      LOCK_TIMEOUT_MS: "20000",
      REDIS_ULR: "s3cret",
    };
    const findings = await diagnoseWith({ ...wrong, WORKER_OPS_PORT: "s3cret" });
    const unwell = findings.filter(({ verdict }) => verdict !== "ok");
    expect(unwell.map(({ check, verdict, found }) => `${check} ${verdict} ${found}`)).toEqual([
      expect.stringMatching(/^configuration fault LOG_LEVEL .* \(read by: API, worker\)/),
      expect.stringContaining(
        "WORKER_OPS_PORT must be a whole number from 0 to 65535 (read by: worker, commands)",
      ),
      expect.stringContaining("WORKER_CONCURRENCY must be a whole number from 1 to 100 (read by: worker)"),
      expect.stringContaining("configuration warning REDIS_ULR is not a variable of this service."),
      expect.stringContaining("configuration fault PORT and OPS_PORT are both 3000"),
      expect.stringContaining(
        "configuration warning LOCK_TIMEOUT_MS (20000) is not below STATEMENT_TIMEOUT_MS",
      ),
    ]);
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });

  test("keeps nobody from looking at Redis when it is the database's URL, and the other way round", async () => {
    const noDatabase = await diagnoseWith({ DATABASE_URL: "mysql://s3cret@host/shop" });
    expect(faultsOf(noDatabase).map(({ found }) => found)).toEqual([
      expect.stringContaining("DATABASE_URL must be a URL that starts with postgres://"),
    ]);
    expect(verdictsOf(noDatabase, "rights")).toEqual(["skipped"]);
    const noRedis = await diagnoseWith({ REDIS_URL: "s3cret" });
    expect(faultsOf(noRedis).map(({ check }) => check)).toEqual(["configuration"]);
    expect(verdictsOf(noRedis, "queue")).toEqual(["skipped"]);
    expect(verdictsOf(noRedis, "rights")).toEqual(["ok"]);
    expect(JSON.stringify([noDatabase, noRedis])).not.toContain("s3cret");
  });
});

describe("variables from files", () => {
  test("are read where they are, and a file that is missing is named, not its variable", async () => {
    const directory = await mkdtemp(join(tmpdir(), "bulk-actions-doctor-"));
    try {
      const path = join(directory, "database-url");
      const variables = { DATABASE_URL: "", DATABASE_URL_FILE: path };
      const missing = faultsOf(await diagnoseWith(variables));
      expect(missing.map(({ found }) => found)).toEqual(["DATABASE_URL_FILE cannot be read (ENOENT)."]);
      await writeFile(path, `${database.url}\n`);
      expect(faultsOf(await diagnoseWith(variables))).toEqual([]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe("a database that cannot be reached", () => {
  test("is named without the password, with what keeps it away, and what needs it is skipped", async () => {
    const port = await findFreePort(0);
    const findings = await diagnoseWith({ DATABASE_URL: `postgres://me:s3cret@127.0.0.1:${port}/shop` });
    expect(faultsOf(findings)).toEqual([
      {
        ...{ check: "database", verdict: "fault" },
        found: expect.stringContaining(`"shop" at 127.0.0.1:${port} cannot be reached`),
        cure: "Start the server, or correct host and port in the database URL.",
      },
    ]);
    for (const check of ["migrations", "rights", "indexes", "queue", "clocks", "work"]) {
      expect(verdictsOf(findings, check)).toEqual(["skipped"]);
    }
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });
});

describe("a schema that is not this version's", () => {
  test("is told from one that is missing, and pnpm migrate mends that with the queue's tables", async () => {
    await database.query("DROP SCHEMA bullmq CASCADE; DROP SCHEMA bulk CASCADE");
    const findings = await diagnoseWith({});
    expect(faultsOf(findings)).toEqual([
      expect.objectContaining({ check: "migrations", cure: "pnpm migrate" }),
      expect.objectContaining({
        check: "queue",
        found: expect.stringContaining("has no tables"),
        cure: "pnpm migrate",
      }),
    ]);
    expect(verdictsOf(findings, "drift")).toEqual(["skipped"]);
    await migrateEngines({
      databaseUrl: database.url,
      queue: { databaseUrl: database.url, redis: undefined },
    });
    expect(faultsOf(await diagnoseWith({}))).toEqual([]);
  });

  test.each([
    [
      "edited",
      "SET checksum = 'x'",
      "edited after they had been applied: 20261129200000_schema_bulk",
      /Restore/,
    ],
    ["ahead", "SET migration_name = '2099_newer'", "not on disk: 2099_newer", /A newer version/],
    [
      "failed",
      "SET finished_at = NULL, logs = 'ERROR: no room'",
      "schema_bulk failed: ERROR: no room",
      /DELETE FROM/,
    ],
    [
      "interrupted",
      "SET finished_at = NULL, logs = NULL",
      "was interrupted half-way",
      /UPDATE bulk\._prisma/,
    ],
  ])("is named: %s", async (_what, change, found, cure) => {
    await database.query(
      `UPDATE bulk._prisma_migrations ${change} WHERE migration_name LIKE '%_schema_bulk'`,
    );
    const [first] = faultsOf(await diagnoseWith({}));
    expect(first).toMatchObject({ check: "migrations", found: expect.stringContaining(found) });
    expect(first?.cure).toMatch(cure);
  });
});

describe("the cure that is named mends", () => {
  test.each([
    [
      "foreign keys of the shop's own without an index, through a cascade as well",
      `CREATE TABLE reviews (id int PRIMARY KEY, product_id uuid REFERENCES products ON DELETE CASCADE);
       CREATE TABLE "Votes" (review_id int REFERENCES reviews)`,
      ['"Votes" (review_id) references reviews', "reviews (product_id) references products"],
    ],
    [
      "an index that only looks like one on the foreign key",
      `CREATE TABLE notes (at date, customer_id uuid REFERENCES customers);
       CREATE INDEX ON notes (at, customer_id); CREATE INDEX ON notes (customer_id) WHERE at > '2020-01-01'`,
      ["notes (customer_id) references customers and has no index"],
    ],
    [
      "a column and an index that are missing",
      "DROP INDEX bulk.bulk_actions_open; ALTER TABLE bulk.pauses DROP COLUMN reason; ALTER TABLE bulk.throttles ADD note text",
      ["2 of its parts are missing"],
    ],
    [
      "a foreign key that no longer restricts",
      "ALTER TABLE bulk.bulk_actions DROP CONSTRAINT bulk_actions_account_id_fkey",
      ["1 of its parts are missing"],
    ],
    [
      "a database that is only to be read",
      "ALTER DATABASE {database} SET default_transaction_read_only = on",
      ["default_transaction_read_only is on: nothing can be written"],
    ],
    [
      "foreign keys switched off",
      "ALTER DATABASE {database} SET session_replication_role = replica",
      ["session_replication_role is replica: no foreign key"],
    ],
  ])("%s", async (_what, plant, found) => {
    await database.query(plant.replace("{database}", database.name));
    const faults = faultsOf(await diagnoseWith({}));
    expect(faults.map((fault) => fault.found)).toEqual(found.map((text) => expect.stringContaining(text)));
    for (const { cure } of faults) await apply(cure);
    const findings = await diagnoseWith({});
    expect(faultsOf(findings)).toEqual([]);
  });

  test("an index that was not built to its end", async () => {
    await fillShop(database.url, "shop", { products: 2, customers: 0, inUse: 0 });
    await expect(
      database.query("CREATE UNIQUE INDEX CONCURRENTLY twins ON products (account_id)"),
    ).rejects.toThrow("could not create unique index");
    const [fault, ...others] = faultsOf(await diagnoseWith({}));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      check: "indexes",
      found: expect.stringContaining("twins of products is invalid"),
    });
    await database.query("DELETE FROM products");
    await apply(fault?.cure?.split("\n")[0]);
    expect(faultsOf(await diagnoseWith({}))).toEqual([]);
  });

  test("a trigger and a rule that have a say when records are deleted", async () => {
    await database.query(`
      CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER keep_sold BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION keep();
      CREATE RULE keep_all AS ON DELETE TO customers DO INSTEAD NOTHING`);
    const findings = (await diagnoseWith({})).filter(({ check }) => check === "rules");
    expect(findings.map(({ verdict, found }) => `${verdict} ${found}`)).toEqual([
      expect.stringContaining("fault The rule keep_all of public.customers replaces deletions"),
      expect.stringContaining("warning The trigger keep_sold runs before each deletion from public.products"),
    ]);
  });

  test("foreign keys of the host that no action reads, as far as they refuse deletions, through a cascade as well", async () => {
    await database.query(`
      CREATE TABLE wishes (product_id uuid REFERENCES products ON DELETE RESTRICT);
      CREATE TABLE reviews (id int PRIMARY KEY, customer_id uuid REFERENCES customers ON DELETE CASCADE);
      CREATE TABLE votes (review_id int REFERENCES reviews DEFERRABLE INITIALLY DEFERRED);
      CREATE TABLE notes (customer_id uuid REFERENCES customers ON DELETE SET NULL);
      CREATE INDEX ON wishes (product_id); CREATE INDEX ON reviews (customer_id);
      CREATE INDEX ON votes (review_id); CREATE INDEX ON notes (customer_id)`);
    const findings = (await diagnoseWith({})).filter(({ verdict }) => verdict !== "ok");
    expect(findings.map(({ check, verdict, found }) => `${check} ${verdict} ${found}`)).toEqual([
      expect.stringMatching(
        /^rules warning votes \(review_id\) references reviews ON DELETE NO ACTION.*fails as record.conflict/,
      ),
      expect.stringMatching(
        /^rules warning wishes \(product_id\) references products ON DELETE RESTRICT.*fails as record.conflict/,
      ),
    ]);
    for (const { cure } of findings) expect(cure).toMatch(/ON DELETE CASCADE or ON DELETE SET NULL/);
  });

  test("rights that the user has not, and rows it does not see", async () => {
    const role = await createRole();
    await database.query(`
      REVOKE DELETE ON products FROM ${role.name}; REVOKE UPDATE ON bulk.api_tokens FROM ${role.name};
      REVOKE EXECUTE ON FUNCTION bulk.drop_expired_rows() FROM ${role.name};
      REVOKE CREATE ON SCHEMA bullmq FROM ${role.name}; REVOKE ALL ON bullmq.job, bullmq.job_seq FROM ${role.name};
      ALTER TABLE customers ENABLE ROW LEVEL SECURITY`);
    const findings = await diagnoseWith({ DATABASE_URL: role.url });
    const bad = findings.filter(({ verdict }) => verdict !== "ok");
    expect(bad.map(({ check, verdict, found }) => `${check} ${verdict} ${found}`)).toEqual([
      expect.stringContaining(`rights fault ${role.name} may not UPDATE on bulk.api_tokens`),
      expect.stringContaining(`rights fault ${role.name} may not DELETE on public.products`),
      `rights fault ${role.name} may not call bulk.drop_expired_rows().`,
      expect.stringContaining("rights fault Row security hides rows of public.customers"),
      expect.stringContaining(
        `queue fault The queue is in the database, and "${role.name}" lacks rights on its objects: schema bullmq, job`,
      ),
      "work skipped The user lacks a right for this check: grant what rights and queue report first.",
    ]);
    for (const { cure } of faultsOf(bad)) await apply(cure);
    const mended = await diagnoseWith({ DATABASE_URL: role.url });
    const [hidden, ...others] = mended.filter(({ verdict }) => verdict !== "ok");
    expect([hidden?.verdict, hidden?.cure]).toEqual(["warning", `GRANT pg_read_all_stats TO ${role.name};`]);
    expect(others).toEqual([]);
    await apply(hidden?.cure);
    const seen = await diagnoseWith({ DATABASE_URL: role.url });
    expect(seen.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  });

  test("a schema the user may not look into", async () => {
    const role = await createRole();
    await database.query(`REVOKE USAGE ON SCHEMA bulk FROM ${role.name}`);
    const [fault] = faultsOf(await diagnoseWith({ DATABASE_URL: role.url }));
    expect(fault?.found).toContain(`"${role.name}" may not use the schema bulk`);
    const [grant = ""] = fault?.cure?.split("\n") ?? [];
    await database.query(grant);
    expect(faultsOf(await diagnoseWith({ DATABASE_URL: role.url }))).toEqual([]);
  });
});

test("a server that answers nothing is given up in time, and the rest is still looked at", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const sockets: Socket[] = [];
  silent.on("connection", (socket) => sockets.push(socket));
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const findings = await diagnoseWith({ DATABASE_URL: `postgres://me@127.0.0.1:${port}/shop` });
  for (const socket of sockets) socket.destroy();
  silent.close();
  expect(faultsOf(findings)).toEqual([
    expect.objectContaining({ check: "database", found: expect.stringContaining("timeout") }),
  ]);
  expect(verdictsOf(findings, "redis")).toEqual(["ok"]);
});

test("too few connections are counted against what API and worker are configured to use", async () => {
  await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 40`);
  expect(findConnectionLimit(await diagnoseWith({}))).toMatchObject({ verdict: "ok" });
  const [fault] = faultsOf(await diagnoseWith({ WORKER_CONCURRENCY: "20" }));
  expect(fault).toMatchObject({
    found: expect.stringMatching(/^40 connections are allowed .*an API uses up to 20, each worker 50/),
    cure: expect.stringContaining("Raise max_connections"),
  });
});

test("connections of other programs count where they take room: in this database, not in others", async () => {
  await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 45`);
  const other = await createTestDatabase();
  onTestFinished(() => other.dispose());
  await using _elsewhere = await connectOften(other, 15);
  const before = findConnectionLimit(await diagnoseWith({}));
  expect(before).toMatchObject({ verdict: "ok", found: expect.stringContaining("have 1;") });
  await using _here = await connectOften(database, 15);
  const crowded = findConnectionLimit(await diagnoseWith({}));
  expect(crowded).toMatchObject({ verdict: "warning", found: expect.stringContaining("have 16;") });
});

function findConnectionLimit(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ found }) => found.includes("connections are allowed to this database"));
}

async function connectOften(to: TestDatabase, times: number): Promise<AsyncDisposable> {
  const clients = Array.from({ length: times }, () => new pg.Client(to.url));
  for (const client of clients) await client.connect();
  return {
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end();
    },
  };
}

test.each([
  [60_000, "fault", "60 s behind this machine's"],
  [-5_000, "warning", "5 s ahead of this machine's"],
])("a clock that is %i ms off is a %s", async (offMs, verdict, found) => {
  const findings = await diagnose({
    environment: { DATABASE_URL: database.url },
    now: () => Date.now() + offMs,
  });
  expect(findings).toContainEqual(
    expect.objectContaining({ check: "clocks", verdict, found: expect.stringContaining(found) }),
  );
});

test("endpoints without a key, or with another than their secrets were sealed with, are a fault", async () => {
  const [account] = await database.query<{ id: string }>(
    "INSERT INTO bulk.accounts (name) VALUES ('a') RETURNING id",
  );
  const id = "0b9a4a3e-8a5f-4f7e-9d53-0f9e3f0a7c11";
  const key = randomBytes(32);
  await database.query(
    "INSERT INTO bulk.webhook_endpoints (id, account_id, url, webhook_events, sealed_secret) VALUES ($1, $2, 'u', '{}', $3)",
    [id, account?.id, sealSecret("whsec_x", key, id)],
  );
  const withKey = (bytes: Buffer) => diagnoseWith({ WEBHOOK_SECRET_KEY: bytes.toString("base64") });
  expect(faultsOf(await withKey(key))).toEqual([]);
  expect(faultsOf(await withKey(randomBytes(32)))).toEqual([
    expect.objectContaining({ check: "webhooks", found: expect.stringContaining("is not the key") }),
  ]);
  expect(faultsOf(await diagnoseWith({}))).toEqual([
    expect.objectContaining({ check: "webhooks", cure: expect.stringContaining("Set WEBHOOK_SECRET_KEY") }),
  ]);
});

test("bulk actions nobody works on and turns that failed are a warning", async () => {
  const { accountId } = await fillShop(database.url, "shop", { products: 0, customers: 0, inUse: 0 });
  await database.query(
    `INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, created_at)
     VALUES ($1, 'delete_products', 1, now() - interval '2 hours')`,
    [accountId],
  );
  await failOneTurn();
  const warnings = (await diagnoseWith({})).filter(({ verdict }) => verdict === "warning");
  expect(warnings.map(({ found }) => found)).toEqual([
    expect.stringMatching(/^1 open bulk action has made no progress for an hour, the oldest [0-9a-f-]{36}/),
    expect.stringMatching(/^1 turn failed within the last hour/),
  ]);
});

test("a look that fails hides no other", async () => {
  await database.query("BEGIN; LOCK TABLE bulk.webhook_endpoints");
  const findings = await diagnoseWith({ LOCK_TIMEOUT_MS: "100" });
  await database.query("COMMIT");
  const unwell = findings.filter(({ verdict }) => verdict !== "ok");
  expect(unwell.map(({ check, verdict, found }) => `${check} ${verdict} ${found}`)).toEqual([
    expect.stringMatching(/^drift fault The check failed: .*(lock|statement) timeout/),
    expect.stringMatching(/^webhooks fault The check failed: .*lock timeout/),
  ]);
});

describe.skipIf(inject("redisServer") === undefined)("on Redis", () => {
  test("a server that is not there is named, without the password, and hides nothing of the database", async () => {
    const port = await findFreePort(0);
    const findings = await diagnoseWith({ REDIS_URL: `redis://me:s3cret@127.0.0.1:${port}` });
    expect(faultsOf(findings)).toEqual([
      expect.objectContaining({ check: "redis", found: expect.stringContaining(`127.0.0.1:${port}`) }),
    ]);
    expect(verdictsOf(findings, "queue")).toEqual(["skipped"]);
    expect(verdictsOf(findings, "indexes")).toEqual(["ok"]);
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });

  test("a server that keeps everything is well; what it may lose or refuse is told one by one", async () => {
    const server = await startRedisServer(inject("redisServer") ?? "", ["--appendonly", "yes"]);
    const redis = new Redis(server.url);
    onTestFinished(async () => {
      redis.disconnect();
      await server.dispose();
    });
    const verdicts = async () =>
      (await diagnoseWith({ REDIS_URL: server.url }))
        .filter(({ verdict }) => verdict !== "ok")
        .map(({ check, verdict, found }) => `${check} ${verdict} ${found}`);
    expect(await verdicts()).toEqual([]);

    await redis.config("SET", "maxmemory-policy", "allkeys-lru");
    await redis.config("SET", "appendonly", "no");
    await redis.config("SET", "maxmemory", "1100000");
    expect(await verdicts()).toEqual([
      expect.stringContaining("redis fault maxmemory-policy is allkeys-lru"),
      expect.stringContaining("redis warning Redis uses 1 MiB of the 1 MiB"),
      expect.stringContaining("redis warning Redis does not persist to disk"),
    ]);

    await redis.config("SET", "maxmemory-policy", "noeviction");
    await redis.config("SET", "maxmemory", "0");
    await redis.config("SET", "save", "60 1");
    await redis.replicaof("127.0.0.1", "1");
    expect(await verdicts()).toEqual([expect.stringContaining("redis fault REDIS_URL points to a replica")]);

    await redis.config("SET", "requirepass", "other");
    expect(await verdicts()).toContainEqual(
      expect.stringContaining("redis fault Redis cannot be reached: NOAUTH"),
    );
  });
});

function diagnoseWith(variables: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  return diagnose({ environment: { DATABASE_URL: database.url, ...variables }, now: Date.now });
}

function faultsOf(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ verdict }) => verdict === "fault");
}

function verdictsOf(findings: readonly Finding[], check: string): readonly string[] {
  return findings.filter((finding) => finding.check === check).map(({ verdict }) => verdict);
}

/** Does what a cure says in a new session, statement by statement, as in psql. */
async function apply(cure = ""): Promise<void> {
  const statements = cure.split(/(?<=;)\n/).map((statement) => statement.replace(/^Read these .*\n/, ""));
  expect(statements).not.toEqual([""]);
  await runIn(new URL(database.url).pathname, statements);
}

async function runIn(path: string, statements: readonly string[]): Promise<void> {
  const url = new URL(database.url);
  url.pathname = path;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A user who may do with the tables whatever can be done. */
async function createRole(): Promise<{ readonly name: string; readonly url: string }> {
  const name = `doctor_${randomBytes(6).toString("hex")}`;
  await database.query(`
    CREATE ROLE ${name} LOGIN PASSWORD 's3cret'; GRANT USAGE, CREATE ON SCHEMA bullmq TO ${name};
    GRANT USAGE ON SCHEMA bulk TO ${name}; GRANT ALL ON ALL FUNCTIONS IN SCHEMA bulk TO ${name};
    GRANT ALL ON ALL TABLES IN SCHEMA bulk, public TO ${name}; GRANT ALL ON ALL TABLES IN SCHEMA bullmq TO ${name};
    GRANT ALL ON ALL SEQUENCES IN SCHEMA bullmq TO ${name}`);
  onTestFinished(async () => {
    // After its database, and what it may do there.
    await runIn("/postgres", [`DROP ROLE ${name}`]);
  });
  const url = new URL(database.url);
  url.username = name;
  url.password = "s3cret";
  return { name, url: url.href };
}

async function failOneTurn(): Promise<void> {
  const engine = { databaseUrl: database.url, redis: undefined };
  const onError = () => undefined;
  const queue = openTurnQueue({ engine, deadlineMs: 10_000, onError });
  const worker = startTurnWorker({
    ...{ engine, concurrency: 1, onError },
    takeTurn: () => Promise.reject(new Error("no turn of this test ends well")),
  });
  try {
    const turn = { bulkActionId: randomUUID(), generation: 1, lane: 1, turn: 1 };
    await queue.addTurns([{ ...turn, actionType: "delete_products", enqueuedAt: new Date(), delayMs: 0 }]);
    await eventually(async () => expect(await queue.native.getFailedCount()).toBe(1), 30_000);
  } finally {
    await worker.stop(5_000);
    await queue.close();
  }
}
