import { randomUUID } from "node:crypto";
import { judge } from "@bulk/domain/bulk-actions/action-outcome";
import { findBulkAction } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import { settle } from "@bulk/store/bulk-actions/settle";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registry } from "../support/registry.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** What may become of a record, in the order in which a chunk takes them: a cancel leaves the last ones. */
const FATES = [
  { name: "deleted", codes: [] },
  { name: "not found", codes: ["skipped", "record.not_found"] },
  { name: "in use", codes: ["skipped", "record.in_use"] },
  { name: "skipped by a newer worker", codes: ["skipped", "record.of_tomorrow"] },
  { name: "failed", codes: ["failed", "record.locked"] },
  { name: "not attempted", codes: [] },
] as const;

type Fate = (typeof FATES)[number]["name"];

let testDatabase: TestDatabase;
let service: ReturnType<typeof openServiceDatabase>;
let accountId: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  service = openServiceDatabase(testDatabase.url);
  const [row] = await testDatabase.query<{ id: string }>(
    "INSERT INTO bulk.accounts (name) VALUES ('shop') RETURNING id",
  );
  accountId = String(row?.id);
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await testDatabase.dispose();
});

test.each(["one chunk", "a chunk for each"] as const)(
  "with any mix of outcomes, in %s, succeeded means that none of the records is left",
  async (layout) => {
    for (const fates of listMixes()) {
      const id = await writeFinished(fates, layout);
      const settlement = await settle(service.database, id, registry);
      const ended = await findBulkAction(service.database, accountId, id, fates.length);
      expect
        .soft([settlement, ended && judge(ended)], fates.join(", "))
        .toMatchObject([{ kind: "settled", status: expectedStatus(fates) }, expectedOutcome(fates)]);
    }
  },
);

/** All but the empty one. */
function listMixes(): readonly (readonly Fate[])[] {
  return Array.from({ length: 2 ** FATES.length - 1 }, (_, mix) =>
    FATES.filter((_fate, at) => ((mix + 1) >> at) & 1).map(({ name }) => name),
  );
}

const REMAINS: ReadonlySet<Fate> = new Set([
  "in use",
  "skipped by a newer worker",
  "failed",
  "not attempted",
]);

const SKIPPED: ReadonlySet<Fate> = new Set(["not found", "in use", "skipped by a newer worker"]);

function expectedStatus(fates: readonly Fate[]): string {
  if (fates.every((fate) => SKIPPED.has(fate))) return "invalid";
  return fates.includes("deleted") && !fates.some((fate) => REMAINS.has(fate)) ? "succeeded" : "completed";
}

function expectedOutcome(fates: readonly Fate[]): string {
  const status = expectedStatus(fates);
  if (status !== "completed") return status;
  if (fates.includes("not attempted")) return "canceled";
  return fates.includes("deleted") ? "partial" : "failed";
}

/** A bulk action that only waits to be settled, of one record for each fate. */
async function writeFinished(
  fates: readonly Fate[],
  layout: "one chunk" | "a chunk for each",
): Promise<string> {
  const [row] = await testDatabase.query<{ id: string }>(
    `INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, cancel_requested_at)
     VALUES ($1, 'delete_products', $2, CASE WHEN $3 THEN now() END) RETURNING id`,
    [accountId, fates.length, fates.includes("not attempted")],
  );
  const id = String(row?.id);
  const chunks = layout === "one chunk" ? [fates] : fates.map((fate) => [fate]);
  for (const [position, chunk] of chunks.entries()) await writeChunk(id, position, chunk);
  return id;
}

async function writeChunk(id: string, position: number, fates: readonly Fate[]): Promise<void> {
  const records = FATES.filter(({ name }) => fates.includes(name)).map((fate) => ({
    ...fate,
    id: randomUUID(),
  }));
  const [skipped, failed] = (["skipped", "failed"] as const).map((kind) =>
    records.filter(({ codes }) => codes[0] === kind),
  );
  const deletedCount = fates.includes("deleted") ? 1 : 0;
  await testDatabase.query(
    `INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, done_count,
       deleted_count, skipped_count, skipped_ids, skipped_codes, failed_count, failed_ids, failed_codes, finished_at)
     VALUES ($1, $2, $3, cardinality($3::uuid[]), $4, $5,
       cardinality($6::uuid[]), $6, $7, cardinality($8::uuid[]), $8, $9, now())`,
    [
      ...[id, position, records.map((record) => record.id)],
      ...[records.filter(({ name }) => name !== "not attempted").length, deletedCount],
      ...[skipped, failed].flatMap((some = []) => [
        some.map((one) => one.id),
        some.map((one) => one.codes[1]),
      ]),
    ],
  );
}
