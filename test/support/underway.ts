import { expect } from "vitest";
import type { TestDatabase } from "./test-database.ts";

/** Throws unless some chunks of the bulk action are finished and some are not. */
export async function expectUnderway(database: TestDatabase, id: string): Promise<void> {
  const [chunks] = await database.query<{ finished: number; left: number }>(
    `SELECT count(finished_at)::int AS finished, count(*)::int - count(finished_at)::int AS left
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1`,
    [id],
  );
  expect(chunks?.finished).toBeGreaterThan(3);
  expect(chunks?.left).toBeGreaterThan(3);
}
