import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import type { FailureCode } from "@bulk/domain/bulk-actions/outcome";
import type { Engine } from "./engine.ts";
import { type ModelAction, nameRecord, type Outcome, type Sighting, type SkipCode } from "./model.ts";
import { Violation } from "./violation.ts";

/**
 * Looks at every bulk action and at these records. Throws a `Violation` when a chunk contradicts itself, or a record what
 * goes with it.
 */
export async function sight({ database, host }: Engine, recordIds: readonly string[]): Promise<Sighting> {
  const [row] = await database.query<SightingRow>(sightSql(host.look), [recordIds]);
  if (row === undefined) throw new Error("The sighting returned no row.");
  const torn = row.records.find(({ is_torn }) => is_torn);
  if (torn !== undefined)
    throw new Violation(`${nameRecord(recordIds.indexOf(torn.id))} was changed by half`);
  const present = new Set(row.records.map(({ id }) => id));
  const indexOf = (id: string) => recordIds.indexOf(id);
  return {
    present: recordIds.map((id) => present.has(id)),
    actions: row.actions.map((action) => readAction(action, indexOf)),
  };
}

// One statement: records and bulk actions of the same moment.
function sightSql(look: string): string {
  return `
    SELECT
      (SELECT COALESCE(json_agg(record), '[]') FROM (${look}) AS record) AS records,
      (SELECT COALESCE(json_agg(json_build_object(
         'id', id, 'status', status, 'generation', generation, 'finishedAt', finished_at,
         'isCanceled', cancel_requested_at IS NOT NULL,
         'chunks', (SELECT json_agg(chunk ORDER BY position) FROM bulk.bulk_action_chunks chunk
                    WHERE bulk_action_id = bulk_actions.id)) ORDER BY created_at, id), '[]')
       FROM bulk.bulk_actions) AS actions`;
}

type SightingRow = {
  readonly records: readonly { readonly id: string; readonly is_torn: boolean }[];
  readonly actions: readonly ActionRow[];
};

type ActionRow = {
  readonly id: string;
  readonly status: BulkActionStatus;
  readonly generation: number;
  readonly finishedAt: string | null;
  readonly isCanceled: boolean;
  readonly chunks: readonly ChunkRow[];
};

type ChunkRow = {
  readonly record_ids: readonly string[] | null;
  readonly text_ids: readonly string[] | null;
  readonly done_count: number;
  readonly finished_at: string | null;
  readonly deleted_count: number;
  readonly skipped_count: number;
  readonly failed_count: number;
  readonly skipped_ids: readonly string[];
  readonly skipped_codes: readonly SkipCode[];
  readonly failed_ids: readonly string[];
  readonly failed_codes: readonly FailureCode[];
};

function readAction(row: ActionRow, indexOf: (id: string) => number): ModelAction {
  const { id, status, generation, finishedAt, isCanceled, chunks } = row;
  return {
    ...{ id, status, generation, isCanceled },
    finishedAt: finishedAt ?? undefined,
    records: chunks.flatMap((chunk) => idsOf(chunk).map(indexOf)),
    outcomes: chunks.flatMap((chunk) => readOutcomes(chunk, isCanceled)),
  };
}

function idsOf({ record_ids, text_ids }: ChunkRow): readonly string[] {
  return record_ids ?? text_ids ?? [];
}

function readOutcomes(chunk: ChunkRow, isCanceled: boolean): readonly (Outcome | undefined)[] {
  const exceptions = new Map<string, Outcome>([
    ...pair(chunk.skipped_ids, chunk.skipped_codes),
    ...pair(chunk.failed_ids, chunk.failed_codes),
  ]);
  const outcomes = idsOf(chunk).map((id, at) =>
    at < chunk.done_count ? (exceptions.get(id) ?? "deleted") : undefined,
  );
  const deletedCount = outcomes.filter((outcome) => outcome === "deleted").length;
  const counts = [deletedCount, chunk.skipped_ids.length, chunk.failed_ids.length, chunk.done_count];
  const written = [chunk.deleted_count, chunk.skipped_count, chunk.failed_count];
  const sum = deletedCount + exceptions.size;
  if (String(counts) !== String([...written, sum])) {
    throw new Violation(`a chunk's outcomes (deleted, skipped, failed, done: ${counts}) contradict its counts
      (deleted, skipped, failed: ${written}; ${sum} in all)`);
  }
  const [isFinished, isDone] = [chunk.finished_at !== null, chunk.done_count === idsOf(chunk).length];
  if (isFinished !== isDone && !(isCanceled && isFinished)) {
    throw new Violation("a chunk is finished and not done, or done and not finished");
  }
  return outcomes;
}

function pair<Code>(ids: readonly string[], codes: readonly Code[]): readonly (readonly [string, Code])[] {
  return codes.flatMap((code, at) => {
    const id = ids[at];
    return id === undefined ? [] : [[id, code] as const];
  });
}
