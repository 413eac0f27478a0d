import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProgram } from "../support/program.ts";
import { writeRecordsFile } from "../support/records-file.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.dispose();
});

const SOUND: RecordDeclaration = {
  table: "products",
  key: { column: "id", type: "uuid" },
  account: { column: "account_id", type: "uuid" },
  alive: "archived_at IS NULL",
  related: { order_lines: { table: "line_items", on: { product_id: "id" } } },
  actions: {
    archive_products: {
      effect: "archived",
      steps: [{ update: "record", set: { archived_at: { now: "UTC" } } }],
      expects: [],
    },
  },
};

const [action] = Object.values(SOUND.actions);
const inCycle = { table: "line_items", on: { order_id: "order_id" } };

/** Each fault alone, and what the process says of it. */
const FAULTS: readonly [string, Partial<RecordDeclaration>, RegExp][] = [
  ["an unknown table", { table: "goods" }, /records\.product\.table: there is no table goods/],
  [
    "an unknown column",
    { key: { column: "code", type: "text" } },
    /records\.product\.key\.column: .* has no column code/,
  ],
  [
    "a wrong type",
    { key: { column: "id", type: "bigint" } },
    /records\.product\.key\.type: .* write "type": "uuid"/,
  ],
  [
    "a missing account column",
    { account: { column: "store_id", type: "uuid" } },
    /records\.product\.account\.column: .* has no column store_id/,
  ],
  [
    "SQL that does not parse",
    { alive: "archived_at IS IS NULL" },
    /records\.product\.alive: .*SQLSTATE 42601/,
  ],
  [
    "a cycle",
    { related: { lines: { ...inCycle, of: "others" }, others: { ...inCycle, of: "lines" } } },
    /records\.product\.related\.lines\.of: .*itself/,
  ],
];

describe.each(["api", "worker"] as const)("the %s", (process) => {
  function open(url: string, records: string) {
    return startProgram(`apps/${process}/src/main.ts`, {
      DATABASE_URL: url,
      RECORDS: records,
      ...{ PORT: "0", OPS_PORT: "0", WORKER_OPS_PORT: "0" },
    });
  }

  async function start(records: string) {
    await using program = open(database.serviceUrl, records);
    const { code } = await program.exited();
    return { code, output: program.output() };
  }

  test.each(process === "api" ? FAULTS : FAULTS.slice(0, 1))(
    "does not start with %s in its declaration",
    async (_fault, changes, expected) => {
      await using records = await writeRecordsFile({ product: { ...SOUND, ...changes } });
      const { code, output } = await start(records.path);
      expect(output).toMatch(expected);
      expect(code).toBe(1);
    },
  );

  test("does not start without its file", async () => {
    const { code, output } = await start("/nowhere/records.json");
    expect(output).toMatch(/\/nowhere\/records\.json cannot be used:\n.*ENOENT.*Set RECORDS/);
    expect(code).toBe(1);
  });

  test("names all faults of the database together", async () => {
    await using records = await writeRecordsFile({
      product: {
        ...SOUND,
        key: { column: "code", type: "text" },
        account: { column: "store_id", type: "uuid" },
      },
      customer: {
        ...SOUND,
        table: "people",
        actions: { archive_people: { ...action, effect: "archived", steps: action?.steps ?? [] } },
      },
    });
    const { code, output } = await start(records.path);
    expect(output).toMatch(/no column code.*no column store_id.*records\.customer\.table/s);
    expect(code).toBe(1);
  });

  test("starts with a sound one, whatever it expects of foreign keys", async () => {
    await using records = await writeRecordsFile({ product: SOUND });
    await using program = open(database.serviceUrl, records.path);
    await program.says(STARTED);
    program.kill("SIGTERM");
    expect(await program.exited()).toEqual({ code: 0, signal: null });
  });

  test("looks as soon as the database is there, if it was away", async () => {
    await using records = await writeRecordsFile({ product: { ...SOUND, table: "goods" } });
    await using proxy = await openTcpProxy(database.serviceUrl);
    await proxy.cut();
    await using program = open(proxy.url, records.path);
    await program.says(STARTED);

    await proxy.mend();

    expect(await program.exited()).toMatchObject({ code: 1 });
    expect(program.output()).toMatch(/do not fit the database:\n.*there is no table goods/);
  });

  test("goes on if the database was away and the file fits it", async () => {
    await using records = await writeRecordsFile({ product: SOUND });
    await using proxy = await openTcpProxy(database.serviceUrl);
    await proxy.cut();
    await using program = open(proxy.url, records.path);
    await program.says(STARTED);

    await proxy.mend();

    await program.says(/the records fit the database/);
    program.kill("SIGTERM");
    expect(await program.exited()).toEqual({ code: 0, signal: null });
  });
});

const STARTED = /api is listening|worker is taking turns/;
