import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@bulk/local/stack/free-port";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createOperator } from "../support/granted-role.ts";
import { startProgram } from "../support/program.ts";
import { randomIds } from "../support/random-ids.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestStack, type TestStack } from "../support/test-stack.ts";
import { writeBrake } from "../support/write-brake.ts";

let stack: TestStack;
let operator: Awaited<ReturnType<typeof createOperator>>;
let directory: string;

beforeAll(async () => {
  stack = await openTestStack("postgres", {
    CHUNK_SIZE: "1000",
    WEBHOOK_SECRET_KEY: Buffer.alloc(32, 1).toString("base64"),
  });
  operator = await createOperator(stack.database, stack.environment);
  directory = await mkdtemp(join(tmpdir(), "bulk-actions-admin-"));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
  await operator[Symbol.asyncDispose]();
  await stack[Symbol.asyncDispose]();
});

describe("pnpm admin account and token", () => {
  test("make an account, and a token whose secret is shown once and works until its end", async () => {
    await succeed("account", "create", "north");
    expect(await admin("account", "create", "north")).toMatchObject({
      code: 1,
      output: expect.stringContaining("There is already an account of this name"),
    });

    const options = ["--account", "north", "--scope", "bulk_actions:read"];
    const created = parse(await succeed("token", "create", ...options, "--name", "ci", "--json"));
    expect(await statusWith(created["secret"])).toBe(200);
    const short = await succeed("token", "create", ...options, "--expires-in", "1s");
    const [secret = ""] = short.split("\n");
    expect(secret).toMatch(/^bulk_live_[\w-]{43}$/);
    await eventually(async () => expect(await statusWith(secret)).toBe(401));

    const listed = await succeed("token", "list", "--account", "north");
    expect(listed).not.toContain(created["secret"]);
    expect(listed).toMatch(
      new RegExp(`${created["id"]} +north +ci +${created["secret"]?.slice(0, 16)} +valid`),
    );
    expect(listed).toMatch(/admin +bulk_live_[\w-]{6} +expired/);
  });

  test("an account has the key that the shop's tables have for it, and no other account has", async () => {
    const { id } = parse(await succeed("account", "create", "keyed", "--key", "42", "--json"));
    expect(await admin("account", "create", "other", "--key", "42")).toMatchObject({
      code: 1,
      output: expect.stringContaining("Another account has this key"),
    });
    expect(await succeed("account", "list")).toContain(`${id}  keyed, key 42\n`);
    const listed = parseList(await succeed("account", "list", "--json"));
    expect(listed).toContainEqual({ id, name: "keyed", key: "42" });
    expect((await admin("account", "create", "long", "--key", "x".repeat(256))).code).not.toBe(0);
    // An account without a key has its id as key.
    const { id: own = "" } = parse(await succeed("account", "create", "unkeyed", "--json"));
    for (const words of [
      ["account", "create", "thief", "--key", own],
      ["account", "key", "keyed", own],
      ["account", "key", "unkeyed", "42"],
    ]) {
      expect(await admin(...words)).toMatchObject({
        code: 1,
        output: expect.stringContaining("Another account has this key"),
      });
    }
    expect(await succeed("account", "key", "unkeyed", "43")).toBe("The account unkeyed has the key 43.\n");
    await stack.database.query(
      "INSERT INTO bulk.bulk_actions (account_id, action_type, record_count) VALUES ($1, 'delete_products', 1)",
      [own],
    );
    expect(await admin("account", "key", "unkeyed", "44")).toMatchObject({
      code: 1,
      output: expect.stringContaining("The account has open bulk actions"),
    });
    await stack.database.query("DELETE FROM bulk.bulk_actions WHERE account_id = $1", [own]);
  });

  test("rotate a token with a time for both, or at once, and revoke it", async () => {
    const { token: first } = await stack.fillShop({}, "rotating");
    const [{ id = "" } = {}] = parseList(await succeed("token", "list", "--account", "rotating", "--json"));

    const second = parse(await succeed("token", "rotate", id, "--grace", "1h", "--json"));
    expect(await statusWith(first)).toBe(200);
    expect(await statusWith(second["secret"])).toBe(200);
    const third = parse(await succeed("token", "rotate", String(second["id"]), "--json"));
    await eventually(async () => expect(await statusWith(second["secret"])).toBe(401));
    expect(await statusWith(third["secret"])).toBe(200);
    expect(await scopesOf(third["id"])).toEqual(await scopesOf(id));
    expect(await admin("token", "rotate", String(second["id"]))).toMatchObject({ code: 1 });

    await succeed("token", "revoke", String(third["id"]));
    await eventually(async () => expect(await statusWith(third["secret"])).toBe(401));
  });
});

describe("pnpm admin action", () => {
  test("takes back what a bulk action has deleted, and purges what it keeps for that", async () => {
    const { token, productIds } = await stack.fillShop({ products: 4, inUse: 1 }, "undone");
    await using worker = stack.startWorker();
    await worker.says(/taking turns/);
    const { id } = await stack.submit(token, "delete_products", productIds);
    await stack.finished(token, id);

    const restore = parse(await succeed("action", "restore", id, "--json"));
    const restoreId = String(restore["id"]);
    expect(restore).toMatchObject({ action_type: "restore_products", restore_of_id: id, record_count: 3 });
    expect(await readColumn("created_by_token_id", restoreId)).toBeNull();
    await stack.finished(token, restoreId);
    expect(await succeed("action", "show", restoreId)).toMatch(
      new RegExp(`3: 3 restored, 0 skipped[\\s\\S]*restore of +${id}`),
    );
    expect(await succeed("action", "show", id)).toMatch(/restorable +until .*; 3 records restored/);

    expect(await succeed("action", "purge", id)).toBe(`${id} keeps nothing for a restore.\n`);
    expect(await readColumn("purged_by", id)).toBe("admin");
    expect(await admin("action", "restore", id)).toMatchObject({
      code: 1,
      output: expect.stringContaining("What this bulk action had kept is purged"),
    });
  });

  test("sees a bulk action from cancel over retry to its end, and exports what became of each record", async () => {
    const { token, productIds, inUseProductIds } = await stack.fillShop(
      { products: 2_500, inUse: 3 },
      "shop",
    );
    const { id } = await stack.submit(token, "delete_products", productIds);
    expect(await succeed("action", "list", "--account", "shop", "--status", "pending")).toMatch(
      new RegExp(
        `${id} +shop +delete_products +pending .* 2500: 0 deleted, 0 skipped, 0 failed, 2500 pending`,
      ),
    );
    const [listed] = parseList(await succeed("action", "list", "--json"));
    expect(listed).toMatchObject({ id, account_name: "shop" });

    expect(await succeed("action", "cancel", id)).toContain("has ended as completed");
    expect(await readColumn("cancel_requested_by", id)).toBe("admin");
    const watched = await admin("action", "watch", id, "--json");
    expect(watched.code).toBe(4);
    expect(parse(watched.output)).toMatchObject({
      outcome: "canceled",
      chunks: { canceled: 3, finished: 0 },
    });
    expect(await admin("action", "retry", id, "--failed-only")).toMatchObject({
      code: 1,
      output: expect.stringContaining("Without --failed-only"),
    });

    await using worker = stack.startWorker();
    await worker.says(/taking turns/);
    const retry = parse(await succeed("action", "retry", id, "--json"));
    const retryId = String(retry["id"]);
    expect(retry).toMatchObject({ retry_of_id: id, record_count: 2_500 });
    const { code, output: seen } = await admin("action", "watch", retryId);
    expect(code).toBe(4);
    expect(seen).toContain("100 % (2500 of 2500 records)");
    expect(seen).toMatch(/completed[\s\S]*2497 deleted, 3 skipped[\s\S]*3 × record\.in_use[\s\S]*3 finished/);
    // The queue took its turns: no sweeper had to start it.
    expect(await readColumn("generation", retryId)).toBe(1);

    const file = join(directory, "records.csv");
    // One that is there, for all to read, is replaced.
    await writeFile(file, "old", { mode: 0o644 });
    await succeed("action", "export", retryId, "--format", "csv", "--out", file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const lines = await succeed("action", "export", retryId);
    const records = lines
      .trimEnd()
      .split("\n")
      .map((line) => parse(line));
    const csv = await readFile(file, "utf8");
    expect(csv).toBe(
      `position,record_id,outcome,code\n${records
        .map(
          (record) =>
            `${Object.values(record)
              .map((value) => value ?? "")
              .join(",")}\n`,
        )
        .join("")}`,
    );
    expect(records.map((record) => record["record_id"])).toEqual(productIds);
    expect(records.flatMap(({ outcome, record_id }) => (outcome === "skipped" ? [record_id] : []))).toEqual(
      inUseProductIds,
    );

    await stack.database.query(
      "UPDATE bulk.bulk_actions SET finished_at = now() - interval '31 days' WHERE id = $1",
      [retryId],
    );
    const digest = createHash("sha256").update(csv).digest("hex");
    await eventually(async () => {
      const entries = parseList(
        await succeed("audit", "list", "--account", "shop", "--since", "60d", "--json"),
      );
      expect(entries).toMatchObject([
        { bulk_action_id: id, cancel_requested_by: "admin", not_attempted: 2_500, digest: null },
        { bulk_action_id: retryId, created_by_token_id: null, deleted: 2_497, skipped: 3, digest },
      ]);
    });
  }, 120_000);

  test("tells of a chunk in trouble what the database said, and nothing of its records", async () => {
    const { token } = await stack.fillShop({}, "troubled");
    const { id } = await stack.submit(token, "delete_products", randomIds(3));
    await stack.database.query(
      `UPDATE bulk.bulk_action_chunks SET attempts = 2, done_count = 1, failed_count = 1, failed_ids = record_ids[1:1],
         failed_codes = '{record.locked}', last_error = $2, not_before = now() + interval '1 hour'
       WHERE bulk_action_id = $1`,
      [id, "Raw query failed. Code: `55P03`. Message: `secret of a customer`"],
    );
    const shown = await succeed("action", "show", id);
    expect(shown).toContain("1 × record.locked");
    expect(shown).toContain("1 backing off");
    expect(shown).toMatch(
      /at 0: the database said 55P03 \(locked\); 1 of 3 done, 1 failed, 2 attempts; next try after/,
    );
    expect(shown).not.toContain("secret");
    expect(await succeed("action", "show", id, "--json")).not.toContain("secret");

    await succeed("pause", "--all", "--reason", "index rebuild", "--by", "night shift");
    await succeed("pause", "--account", "shop");
    const paused = await succeed("action", "show", id);
    expect(paused).toMatch(/paused {6}everything {2}since [\d :-]+Z, by night shift: index rebuild\n/);
    expect(paused).not.toContain("account shop");
    expect(parse(await succeed("action", "show", id, "--json"))).toMatchObject({
      pauses: [{ scope: { kind: "all" }, paused_by: "night shift" }],
    });
    const wide = await stack.database.query(
      "SELECT kind, by, detail FROM bulk.journal WHERE by = 'night shift'",
    );
    expect(wide).toContainEqual({ kind: "pause", by: "night shift", detail: "index rebuild" });
    await succeed("resume", "--all");
    await succeed("resume", "--account", "shop");

    await writeBrake(stack, "to_timestamp(4000)");
    expect(await succeed("action", "show", id)).toContain(
      "slow        others use the database  since 1970-01-01 01:06:40Z: 1.23 times idle, at most 1.25\n",
    );
    await stack.database.query("DELETE FROM bulk.brake");
  });

  test("pauses, cancels and retries one bulk action, and says so in the journal", async () => {
    const { token } = await stack.fillShop({}, "changed");
    const { id } = await stack.submit(token, "delete_products", randomIds(3));
    await stack.database.query(
      `UPDATE bulk.bulk_action_chunks SET done_count = 1, failed_count = 1, failed_ids = record_ids[1:1],
         failed_codes = '{record.locked}'
       WHERE bulk_action_id = $1`,
      [id],
    );
    expect(await succeed("pause", "--action", id, "--reason", "look first")).toContain(`bulk action ${id}`);
    expect(await succeed("action", "show", id)).toContain("look first");
    expect((await admin("pause", "--action", id, "--account", "shop")).code).toBe(2);
    await succeed("resume", "--action", id);
    expect(await admin("resume", "--action", id)).toMatchObject({ code: 3 });

    await succeed("action", "cancel", id);
    expect(await admin("pause", "--action", id)).toMatchObject({
      code: 1,
      output: expect.stringContaining("has already ended"),
    });
    expect(await succeed("action", "retry", id, "--failed-only")).toContain("retries 1 record. Watch it");
    const [retry] = parseList(await succeed("action", "list", "--account", "changed", "--json"));
    expect(retry).toMatchObject({ record_count: 1 });
    expect((await admin("action", "retry", id)).output).toContain(
      "Another retry or restore of the same records is open",
    );
    const journal = await stack.database.query(
      "SELECT kind, by, detail, refusal FROM bulk.journal WHERE bulk_action_id = $1 ORDER BY at",
      [id],
    );
    const by = userInfo().username;
    expect(journal).toEqual([
      { kind: "pause", by, detail: "look first", refusal: null },
      { kind: "resume", by, detail: null, refusal: null },
      { kind: "resume", by, detail: null, refusal: "pause.not_found" },
      { kind: "cancel", by, detail: null, refusal: null },
      { kind: "pause", by, detail: null, refusal: "bulk_action.has_ended" },
      { kind: "retry", by, detail: null, refusal: "bulk_action.retry_in_progress" },
    ]);
    // A retry that is made is an entry of the new bulk action.
    const submitted = await stack.database.query(
      "SELECT kind, by, detail, refusal FROM bulk.journal WHERE bulk_action_id = $1",
      [retry?.["id"]],
    );
    expect(submitted).toEqual([{ kind: "retry", by, detail: "only the failed records", refusal: null }]);
  });
});

test("pnpm admin webhook sees an endpoint and its deliveries, disables it, and has one sent again", async () => {
  const { token } = await stack.fillShop({}, "hooked");
  const endpoint = await post(token, "/v1/webhook_endpoints", {
    webhook_endpoint: { url: "https://shop.example/hooks?key=s3cret", webhook_events: ["price.created"] },
  });
  const id = String(endpoint["id"]);
  const delivery = String((await post(token, `/v1/webhook_endpoints/${id}/test`))["id"]);

  const listed = await succeed("webhook", "list", "--account", "hooked");
  expect(listed).toMatch(new RegExp(`${id} +hooked +enabled +1 +0 +0 .*https://shop.example/hooks\\?…`));
  expect(await succeed("webhook", "show", id)).toMatch(
    new RegExp(`price\\.created[\\s\\S]*${delivery} +webhook_endpoint\\.test +pending`),
  );
  const disabled = await succeed("webhook", "disable", id, "--json");
  expect(parse(disabled)).toMatchObject({ account_name: "hooked", enabled: false, pending: 0, failed: 1 });
  expect(await admin("webhook", "redeliver", delivery)).toMatchObject({
    code: 1,
    output: expect.stringContaining(`pnpm admin webhook enable ${id}`),
  });
  await succeed("webhook", "enable", id);
  expect(parse(await succeed("webhook", "redeliver", delivery, "--json"))).toMatchObject({
    id: delivery,
    endpoint_id: id,
    status: "pending",
  });
  for (const output of [listed, disabled]) expect(output).not.toMatch(/s3cret|whsec_|sealed/);
});

test("pnpm admin grants --apply gives a role what services need and no more, or nothing at all", async () => {
  const role = `granted_${randomBytes(6).toString("hex")}`;
  const apply = () => run(stack.environment, ["grants", "--role", role, "--apply"]);
  const refused = await apply();
  expect(refused).toMatchObject({
    code: 1,
    output: expect.stringContaining(`role "${role}" does not exist`),
  });
  await stack.database.query(`CREATE ROLE ${role}`);
  expect(await apply()).toMatchObject({ code: 0, output: expect.stringContaining(`Granted: ${role}`) });
  const [rights] = await stack.database.query(
    `SELECT has_table_privilege($1, 'bulk.bulk_actions', 'DELETE') AS deletes,
            has_table_privilege($1, 'bulk.api_tokens', 'INSERT') AS mints`,
    [role],
  );
  await stack.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  expect(rights).toEqual({ deletes: true, mints: false });
});

async function post(token: string, path: string, body?: unknown): Promise<Parsed> {
  const headers = { "content-type": "application/json" };
  const response = await stack.request(token, path, {
    method: "POST",
    ...(body !== undefined && { headers, body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Parsed;
}

test.each([
  [3, ["webhook", "show", "11111111-1111-4111-8111-111111111111"], "pnpm admin webhook list shows all"],
  [3, ["webhook", "redeliver", "11111111-1111-4111-8111-111111111111"], "There is no webhook delivery"],
  [2, ["action", "show", "12"], "Give the whole id"],
  [2, ["token", "create"], "required option '--account <account>'"],
  [2, ["audit", "list", "--since", "soon"], "such as 2026-11-01"],
  [2, ["action"], "Exit codes:"],
  [3, ["action", "export", "11111111-1111-4111-8111-111111111111"], "There is no bulk action with this id"],
  [3, ["token", "create", "--account", "nobody"], "pnpm admin account list shows all"],
  [3, ["token", "revoke", "11111111-1111-4111-8111-111111111111"], "pnpm admin token list shows all"],
])("pnpm admin exits with %i on %j and says what to do", async (code, words, message) => {
  const answer = await admin(...words);
  expect(answer.output).toContain(message);
  expect(answer.output).not.toMatch(/\n\s+at /);
  expect(answer.code).toBe(code);
});

test("pnpm admin exits with 1, without a trace of the password, when the database or the file is not there", async () => {
  const url = `postgres://me:secret@127.0.0.1:${await findFreePort(0)}/shop`;
  const lost = await run({ DATABASE_URL: url }, ["account", "list"]);
  expect(lost).toMatchObject({ code: 1, output: expect.stringContaining("The database does not respond") });
  expect(lost.output).not.toContain("secret");

  await using proxy = await openTcpProxy(stack.database.url, (piece) => {
    if (/INSERT INTO \S*accounts/.test(piece.toString("latin1"))) proxy.cut();
  });
  const unanswered = await run({ DATABASE_URL: proxy.url }, ["account", "create", "unanswered"]);
  expect(unanswered).toMatchObject({ code: 1, output: expect.stringContaining("check whether it did") });

  const { token } = await stack.fillShop({}, "exported");
  const { id } = await stack.submit(token, "delete_products", randomIds(3));
  const refused = await admin("action", "export", id, "--out", directory);
  expect(refused.output).toMatch(/^E[A-Z]+: .*directory/);
  expect(refused.code).toBe(1);
  expect((await readdir(join(directory, ".."))).filter((name) => name.endsWith(".unfinished"))).toEqual([]);
});

test("pnpm admin tells a user without rights whose rights it takes", async () => {
  const url = new URL(stack.database.url);
  url.searchParams.set("options", "-c role=pg_monitor");
  const answer = await run({ ...stack.environment, DATABASE_URL: url.href }, ["account", "create", "south"]);
  expect(answer.output).toContain("pnpm admin grants --for operators");
  expect(answer.output).not.toContain("Raw query failed");
  expect(answer.code).toBe(1);
});

type Answer = { readonly code: number | null; readonly output: string };

/** Runs a command with the rights that `pnpm admin grants --for operators` prints, and no others. */
function admin(...words: readonly string[]): Promise<Answer> {
  return run({ ...stack.environment, DATABASE_URL: operator.url }, words);
}

async function run(environment: NodeJS.ProcessEnv, words: readonly string[]): Promise<Answer> {
  await using program = startProgram("apps/admin/src/main.ts", environment, words);
  const { code } = await program.exited();
  return { code, output: program.output() };
}

async function succeed(...words: readonly string[]): Promise<string> {
  const { code, output } = await admin(...words);
  expect({ code, output }).toMatchObject({ code: 0 });
  return output;
}

type Parsed = Readonly<Record<string, string | undefined>>;

function parse(output: string): Parsed {
  return JSON.parse(output) as Parsed;
}

function parseList(output: string): readonly Parsed[] {
  return JSON.parse(output) as readonly Parsed[];
}

async function statusWith(secret: string | undefined): Promise<number> {
  return (await stack.request(String(secret), "/v1/bulk_actions")).status;
}

async function scopesOf(id: string | undefined): Promise<unknown> {
  const [token] = await stack.database.query("SELECT scopes FROM bulk.api_tokens WHERE id = $1", [id]);
  return token;
}

async function readColumn(column: string, id: string): Promise<unknown> {
  const [row] = await stack.database.query<{ value: unknown }>(
    `SELECT ${column} AS value FROM bulk.bulk_actions WHERE id = $1`,
    [id],
  );
  return row?.value;
}
