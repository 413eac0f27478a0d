import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, test } from "vitest";
import { harass, summarizeStatuses } from "../fuzz/harass.ts";
import { createKeyedTables, writeKeyedRecords } from "../fuzz/keyed-actions.ts";
import { ONLOOKER, watchWrites } from "../fuzz/writes.ts";
import { type ApiDocument, fetchDocument } from "../support/documented.ts";
import { expectNothingElseWritten } from "../support/refusal.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/** With the other engine's as many: 20,000. Several callers at once, because most of a request is waiting. */
const REQUESTS = 10_000;
const CALLERS = 8;

let directory: string;
let service: TestService;
let document: ApiDocument;
/** The callers look at once. */
let pool: pg.Pool;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bulk-actions-fuzz-"));
  const file = join(directory, "records.json");
  await writeKeyedRecords(file);
  service = await openTestService(
    {
      RECORDS: file,
      MAX_RECORD_IDS: "50",
      WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"),
    },
    { prepare: (database) => createKeyedTables((sql) => database.query(sql)) },
  );
  document = await fetchDocument(service.url);
  pool = new pg.Pool({
    connectionString: service.database.url,
    application_name: ONLOOKER,
    max: CALLERS,
  });
  await watchWrites(pool);
});

afterAll(async () => {
  await pool.end();
  await service[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test("hostile requests are refused in the error's shape, and nothing is written for any of them", {
  timeout: 240_000,
}, async () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
  console.info(`FUZZ_SEED=${seed}`);
  const tallies = await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      const shop = await service.fillShop({ products: 2, inUse: 1 }, `caller ${caller}`);
      const status = caller % 2 === 0 ? "pending" : "completed";
      const { url } = service;
      return harass({
        ...{ url, document, pool, shop, status },
        requests: REQUESTS / CALLERS,
        seed: seed + caller,
      });
    }),
  );
  console.info(summarizeStatuses(tallies));
  await expectNothingElseWritten(
    service,
    tallies.flatMap(({ created }) => created),
  );
});
