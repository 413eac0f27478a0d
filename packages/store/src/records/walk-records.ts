import { NOT_ATTEMPTED, type RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import type { Database } from "../database.ts";
import { listedIds, parseIds, RECORD_IDS } from "../record-ids/chunk-ids.ts";
import { sql } from "../sql.ts";
import { countMatching, IS_OPEN, type RecordFilter } from "./count-matching.ts";
import type { RecordsPlace } from "./locate-records.ts";

/** One id of a bulk action, and its outcome. */
export type ActionRecord = {
  readonly recordId: string;
  /** Its index among the bulk action's ids. */
  readonly position: number;
  readonly outcome: RecordOutcome;
  /** The reason, as stored: with its detail. `undefined` if the record was applied or is pending. */
  readonly code: string | undefined;
};

/** One step of a walk through a bulk action's records. */
type RecordsStep = {
  /** In order of position. */
  readonly records: readonly ActionRecord[];
  /** The position that the next step starts from; `undefined` if none is left. */
  readonly next: number | undefined;
};

/** How many chunks a step reads. With four, a million ids take 250 queries. */
const CHUNKS_AT_ONCE = 4;

/**
 * Yields the matching records, a few chunks at a time, from the chunk at position `from`. Each chunk is read once and
 * as a whole, so a walk from 0 yields every record exactly once even while the bulk action runs, in its state when its
 * chunk was read. Between two steps nothing is held in the database, however slow the reader is.
 *
 * Throws `bulk_action.not_found`: at the start if the account has no such bulk action, later if it is pruned meanwhile.
 */
export async function* walkRecords(
  database: Database,
  accountId: string,
  id: string,
  { outcomes, from }: RecordFilter & { readonly from: number },
): AsyncGenerator<readonly ActionRecord[]> {
  let next: number | undefined = from;
  while (next !== undefined) {
    const step = await readRecords(database, accountId, id, { outcomes, from: next });
    if (step === undefined) throw bulkActionNotFound();
    yield step.records;
    next = step.next;
  }
}

export type RecordsPage = RecordFilter & {
  readonly place: Pick<RecordsPlace, "from" | "skip">;
  /** Only records after this position; -1: all. */
  readonly behind: number;
  readonly most: number;
};

/** Collects the matching records of one page. Throws what `walkRecords` throws. */
export async function collectRecords(
  database: Database,
  accountId: string,
  id: string,
  { outcomes, place: { from, skip }, behind, most }: RecordsPage,
): Promise<readonly ActionRecord[]> {
  const records: ActionRecord[] = [];
  if (from === undefined) return records;
  for await (const step of walkRecords(database, accountId, id, { outcomes, from })) {
    records.push(...step.filter(({ position }) => position > behind));
    if (records.length >= skip + most) break;
  }
  return records.slice(skip, skip + most);
}

async function readRecords(
  database: Database,
  accountId: string,
  id: string,
  { outcomes, from }: RecordFilter & { readonly from: number },
): Promise<RecordsStep | undefined> {
  const chunks = await database.$queryRaw<(ChunkOutcomes | NoChunk)[]>`
    SELECT ${IS_OPEN} AS "isOpen", chunk.position, chunk.done_count AS "doneCount",
           ${RECORD_IDS} AS "recordIds",
           ${listedIds(sql`chunk.skipped_ids`)} AS "skippedIds", chunk.skipped_codes AS "skippedCodes",
           ${listedIds(sql`chunk.failed_ids`)} AS "failedIds", chunk.failed_codes AS "failedCodes"
    FROM bulk.bulk_actions bulk_action LEFT JOIN LATERAL (
      SELECT * FROM bulk.bulk_action_chunks chunk
      WHERE chunk.bulk_action_id = bulk_action.id AND chunk.position >= ${from}
        AND ${countMatching(outcomes)} > 0
      ORDER BY chunk.position LIMIT ${CHUNKS_AT_ONCE}) AS chunk ON true
    WHERE bulk_action.account_id = ${accountId}::uuid AND bulk_action.id = ${id}::uuid
    ORDER BY chunk.position`;
  if (chunks.length === 0) return undefined;
  const found = chunks.filter((chunk) => chunk.position !== null);
  const last = found.length < CHUNKS_AT_ONCE ? undefined : found.at(-1);
  const records = found.flatMap(describeRecords);
  return {
    records: outcomes === undefined ? records : records.filter(({ outcome }) => outcomes.includes(outcome)),
    next: last && last.position + 1,
  };
}

type ChunkOutcomes = {
  readonly isOpen: boolean;
  readonly position: number;
  readonly doneCount: number;
  /** Ids are texts for `parseIds`. */
  readonly recordIds: string;
  readonly skippedIds: string;
  readonly skippedCodes: readonly string[];
  readonly failedIds: string;
  readonly failedCodes: readonly string[];
};

/** The row of a bulk action without further chunks. */
type NoChunk = { readonly position: null };

function describeRecords(chunk: ChunkOutcomes): readonly ActionRecord[] {
  const skips = new Map(parseIds(chunk.skippedIds).map((id, index) => [id, chunk.skippedCodes[index]]));
  const failures = new Map(parseIds(chunk.failedIds).map((id, index) => [id, chunk.failedCodes[index]]));
  return parseIds(chunk.recordIds).map((recordId, index) => {
    const record = { recordId, position: chunk.position + index };
    if (index >= chunk.doneCount) {
      return chunk.isOpen
        ? { ...record, outcome: "pending", code: undefined }
        : { ...record, outcome: "not_attempted", code: NOT_ATTEMPTED };
    }
    if (skips.has(recordId)) return { ...record, outcome: "skipped", code: skips.get(recordId) };
    if (failures.has(recordId)) return { ...record, outcome: "failed", code: failures.get(recordId) };
    return { ...record, outcome: "applied", code: undefined };
  });
}
