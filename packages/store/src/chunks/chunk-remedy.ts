import { type ChunkFault, type ChunkRemedy, chooseRemedy } from "@bulk/domain/bulk-actions/chunk-failure";
import { type Sql, sql } from "../sql.ts";
import type { Attempt } from "./chunk-attempt.ts";
import { findCause, type Refusal } from "./chunk-evidence.ts";

/** The result for a chunk that the database refused. */
export type RefusedReport =
  | { readonly kind: "none_free" }
  | {
      readonly kind: "set_back";
      readonly position: number;
      readonly fault: ChunkFault;
      readonly remedy: ChunkRemedy;
    }
  /** The error also occurs without any record. It is written on the chunk, which is otherwise unchanged. */
  | { readonly kind: "not_concluded"; readonly position: number; readonly error: unknown };

/**
 * Finds why the database refused the chunk, and writes message and remedy on it. The attempt must have been rolled
 * back.
 */
export async function setBack(attempt: Attempt, refusal: Refusal): Promise<RefusedReport> {
  const { position, size, attempts } = attempt.chunk;
  const finding = await findCause(attempt, refusal);
  switch (finding.kind) {
    case "canceled":
      return { kind: "none_free" };
    case "no_record":
      await writeOnChunk(attempt, sql`attempts = attempts`, describe(refusal));
      return { kind: "not_concluded", position, error: refusal.error };
    case "records": {
      const { fault, evidence, lockedTable, constraint } = finding;
      const remedy = chooseRemedy({ fault, size, attempts, evidence, constraint });
      const message = lockedTable === undefined ? describe(refusal) : WAITS_FOR_TABLE + lockedTable;
      await writeOnChunk(attempt, assignments(remedy), message);
      return { kind: "set_back", position, fault, remedy };
    }
  }
}

/** The beginning of the message on a chunk that waits until a table is unlocked. The table's name follows. */
export const WAITS_FOR_TABLE = "Waits for a lock on the table ";

// Prisma's message for an error of a COMMIT lacks the code.
function describe({ error, sqlstate }: Refusal): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = `Code: \`${sqlstate}\``;
  return message.includes(code) ? message : `${code}. ${message}`;
}

async function writeOnChunk(
  { transaction, source, chunk }: Attempt,
  changes: Sql,
  message: string,
): Promise<void> {
  await transaction.$executeRaw`
    UPDATE bulk.bulk_action_chunks SET ${changes}, last_error = left(${message}, 1000)
    WHERE bulk_action_id = ${source.bulkActionId}::uuid AND position = ${chunk.position}`;
}

function assignments(remedy: ChunkRemedy): Sql {
  switch (remedy.kind) {
    case "halve":
      return sql`slice_size = ${remedy.sliceSize}`;
    case "back_off":
      return sql`attempts = attempts + 1, not_before = ${inFuture(remedy.delayMs)}`;
    case "wait":
      return sql`not_before = ${inFuture(remedy.delayMs)}`;
    case "fail_record":
      return sql`failed_ids = failed_ids || ${NEXT_ID},
        failed_codes = failed_codes || ${remedy.code}::text,
        failed_count = failed_count + 1, ${PASS_ON}`;
    case "skip_record":
      return sql`skipped_ids = skipped_ids || ${NEXT_ID},
        skipped_codes = skipped_codes || ${remedy.code}::text,
        skipped_count = skipped_count + 1, ${PASS_ON}`;
  }
}

const NEXT_ID = sql`COALESCE(text_ids[done_count + 1], record_ids[done_count + 1]::text)`;

const PASS_ON = sql`done_count = done_count + 1,
        progressed_at = clock_timestamp(),
        slice_size = 1,
        finished_at = CASE WHEN done_count + 1 = record_count THEN clock_timestamp() END`;

function inFuture(delayMs: number): Sql {
  return sql`clock_timestamp() + make_interval(secs => ${delayMs}::float8 / 1000)`;
}
