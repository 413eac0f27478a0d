import { createHash } from "node:crypto";
import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { createBulkAction } from "@bulk/store/bulk-actions/create-bulk-action";
import { findBulkAction } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import { weighIds } from "@bulk/store/bulk-actions/reading/weigh-ids";
import { retryBulkAction } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { Database } from "@bulk/store/database";
import { CSV_HEADER, csvLine } from "@bulk/store/records/record-lines";
import { type ActionRecord, walkRecords } from "@bulk/store/records/walk-records";
import { listAuditEntries } from "@bulk/store/retention/audit";
import { pruneEnded } from "@bulk/store/retention/prune";
import { findAppliedPage } from "@bulk/store/webhooks/webhook-subjects";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY_TYPES, oddIds } from "../support/odd-ids.ts";
import { idsIn, recordIdsOf } from "../support/record-ids.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const EFFECTS: RecordEffects = new Map([
  ["delete_products", { recordType: "product", effect: "deleted", change: { kind: "delete" }, skips: {} }],
]);

/** Every chunk but the last has so many ids. */
const CHUNK_SIZE = 4;

let testDatabase: TestDatabase;
let opened: ReturnType<typeof openServiceDatabase>;
let database: Database;
/** As an operator's command, which alone may read audit entries. */
let operator: ReturnType<typeof openServiceDatabase>;
let accountId: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  opened = openServiceDatabase(testDatabase.serviceUrl);
  database = opened.database;
  operator = openServiceDatabase(testDatabase.url);
  const [account] = await testDatabase.query<{ id: string }>(
    "INSERT INTO bulk.accounts (name) VALUES ('odd') RETURNING id",
  );
  accountId = account?.id ?? "";
});

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
  await operator[Symbol.asyncDispose]();
  await testDatabase.dispose();
});

describe.each(KEY_TYPES)("ids of the type %s", (type) => {
  const options = { numRuns: 60 };

  test("are the same byte for byte in every reader", async () => {
    await fc.assert(
      fc.asyncProperty(oddIds(type, 12), fates(12), async (ids, given) => {
        const id = await create(ids);
        const outcomes = await end(id, ids, given);
        const expected = ids.map((recordId, position) => ({ recordId, position, ...outcomes[position] }));

        const found = await findBulkAction(database, accountId, id, ids.length);
        expect(found && idsIn(found.recordIds)).toEqual(ids);
        expect(found && idsIn(found.skippedIds)).toEqual(idsOf(expected, "skipped"));
        expect(await walkAll(id)).toEqual(expected);
        expect(await listApplied(id)).toEqual(idsOf(expected, "applied"));
      }),
      options,
    );
  });

  test("are the same byte for byte in the digest of the audit and in the exported file", async () => {
    await fc.assert(
      fc.asyncProperty(oddIds(type, 12), fates(12), async (ids, given) => {
        const id = await create(ids);
        await end(id, ids, given);
        const lines = (await walkAll(id)).map((record) => csvLine(record, "deleted"));
        const file = [CSV_HEADER, ...lines].join("");

        await testDatabase.query("UPDATE bulk.bulk_actions SET finished_at = now() - interval '1 year'");
        await pruneEnded(database, 1, EFFECTS);

        const query = { accountId, since: undefined, limit: 1_000 };
        const entry = (await listAuditEntries(operator.database, query)).find(
          ({ bulkActionId }) => bulkActionId === id,
        );
        expect(entry?.digest).toBe(createHash("sha256").update(file).digest("hex"));
        expect(parseCsv(file).map(([, recordId]) => recordId)).toEqual(ids);
      }),
      options,
    );
  });

  test("are taken over by a retry, in their order and their type", async () => {
    await fc.assert(
      fc.asyncProperty(oddIds(type, 12), fates(12), async (ids, given) => {
        const id = await create(ids);
        const outcomes = await end(id, ids, given);
        const left = ids.filter((_, at) => ["failed", "not_attempted"].includes(outcomes[at]?.outcome ?? ""));
        fc.pre(left.length > 0);

        const retry = await retryBulkAction(database, {
          ...{ ...admission(), id, taking: "failed_and_untouched", mostListed: ids.length, chunkSize: 5 },
          keeping: { days: 0, actionTypes: [] },
        });

        if (retry.kind !== "created") throw new Error("The retry was not created.");
        const { recordIds } = retry.bulkAction;
        expect(recordIds && idsIn(recordIds)).toEqual(left);
        const stored = await findBulkAction(database, accountId, retry.bulkAction.id, left.length);
        expect(stored && idsIn(stored.recordIds)).toEqual(left);
        const [chunk] = await testDatabase.query<{ has_texts: boolean }>(
          "SELECT text_ids IS NOT NULL AS has_texts FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1",
          [retry.bulkAction.id],
        );
        expect(chunk?.has_texts).toBe(type !== "uuid");
        await testDatabase.query("UPDATE bulk.bulk_actions SET status = 'completed', finished_at = now()");
      }),
      options,
    );
  });

  test("weigh at least as much as their number, and long ones by their size", async () => {
    await fc.assert(
      fc.asyncProperty(oddIds(type, 12), async (ids) => {
        const id = await create(ids);
        const weight = (await weighIds(database, [{ accountId, id }])).get(id);
        expect(weight?.total).toBeGreaterThanOrEqual(ids.length);
        expect(weight?.chunk).toBeGreaterThanOrEqual(Math.min(ids.length, CHUNK_SIZE));
        const longest = type === "uuid" ? 0 : Math.max(...ids.map((each) => Buffer.byteLength(each)));
        expect(weight?.total).toBeGreaterThanOrEqual(Math.floor(longest / 18));
      }),
      { numRuns: 20 },
    );
  });

  async function create(ids: readonly string[]): Promise<string> {
    const creation = await createBulkAction(database, {
      ...admission(),
      ...{
        actionType: "delete_products",
        recordIds: recordIdsOf(ids, type),
        chunkSize: CHUNK_SIZE,
        restoreDays: 0,
      },
    });
    if (creation.kind !== "created") throw new Error("The bulk action was not created.");
    return creation.bulkAction.id;
  }
});

function admission() {
  return { accountId, createdByTokenId: undefined, maxOpen: 1_000_000, idempotencyKey: undefined };
}

type Fate = "applied" | "skipped" | "failed" | "not_attempted";

function fates(count: number): fc.Arbitrary<readonly Fate[]> {
  const fate = fc.constantFrom<Fate>("applied", "skipped", "failed", "not_attempted");
  return fc.array(fate, { minLength: count, maxLength: count });
}

type Outcome = Pick<ActionRecord, "outcome" | "code">;

const OUTCOMES: Readonly<Record<Fate, Outcome>> = {
  applied: { outcome: "applied", code: undefined },
  skipped: { outcome: "skipped", code: "record.not_found" },
  failed: { outcome: "failed", code: "record.locked" },
  not_attempted: { outcome: "not_attempted", code: "record.not_attempted" },
};

/** Writes these outcomes, as a worker would. In a chunk only the last ids can be not attempted. */
async function end(id: string, ids: readonly string[], given: readonly Fate[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let position = 0; position < ids.length; position += CHUNK_SIZE) {
    const chunk = ids.slice(position, position + CHUNK_SIZE);
    const named = chunk.map((_, index) => given[position + index] ?? "applied");
    const done = named.includes("not_attempted") ? named.indexOf("not_attempted") : named.length;
    const own = named.map((fate, index) => (index < done ? fate : "not_attempted"));
    const only = (fate: Fate) => chunk.filter((_, index) => own[index] === fate);
    await testDatabase.query(
      `UPDATE bulk.bulk_action_chunks SET done_count = $3, deleted_count = $4, skipped_count = cardinality($5::text[]),
         failed_count = cardinality($6::text[]), skipped_ids = $5, failed_ids = $6, finished_at = now(),
         skipped_codes = array_fill('record.not_found'::text, ARRAY[cardinality($5::text[])]),
         failed_codes = array_fill('record.locked'::text, ARRAY[cardinality($6::text[])])
       WHERE bulk_action_id = $1 AND position = $2`,
      [id, position, done, only("applied").length, only("skipped"), only("failed")],
    );
    outcomes.push(...own.map((fate) => OUTCOMES[fate]));
  }
  await testDatabase.query(
    "UPDATE bulk.bulk_actions SET status = 'completed', finished_at = now() WHERE id = $1",
    [id],
  );
  return outcomes;
}

function idsOf(records: readonly Partial<ActionRecord>[], outcome: ActionRecord["outcome"]) {
  return records.filter((record) => record.outcome === outcome).map(({ recordId }) => recordId);
}

async function walkAll(id: string): Promise<readonly ActionRecord[]> {
  const walk = walkRecords(database, accountId, id, { outcomes: undefined, from: 0 });
  return (await Array.fromAsync(walk)).flat();
}

async function listApplied(id: string): Promise<readonly string[]> {
  const applied: string[] = [];
  for (let position: number | null = 0; position !== null; ) {
    const page = await findAppliedPage(database, accountId, id, position);
    applied.push(...(page?.records ?? []).map((record) => record.id));
    position = page?.nextPosition ?? null;
  }
  return applied;
}

/** Reads CSV by RFC 4180, but for the line ends, which are line feeds; without the header. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\n)/y;
  const rows: string[][] = [[]];
  for (let found = FIELD.exec(text); found !== null; found = FIELD.exec(text)) {
    rows.at(-1)?.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === "\n") rows.push([]);
  }
  return rows.slice(1, -1);
}
