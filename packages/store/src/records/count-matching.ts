import { RECORD_OUTCOMES, type RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import { type Sql, sql } from "../sql.ts";

/** Selects records with these outcomes, or all. */
export type RecordFilter = { readonly outcomes: readonly RecordOutcome[] | undefined };

/** An expression for the number of matching records of a chunk, from its counts. */
export function countMatching(outcomes: readonly RecordOutcome[] | undefined): Sql {
  if (outcomes === undefined) return sql`chunk.record_count`;
  // Always in the same order: every other text would be one more prepared statement.
  const named = RECORD_OUTCOMES.filter((outcome) => outcomes.includes(outcome));
  return named.reduce((sum, outcome) => sql`${sum} + ${COUNTS[outcome]}`, sql`0`);
}

/** A condition over `bulk_action`: it has not ended. */
export const IS_OPEN = sql`(bulk_action.status IN ('pending', 'processing'))`;

const UNDONE = sql`(chunk.record_count - chunk.done_count)`;

const COUNTS: Readonly<Record<RecordOutcome, Sql>> = {
  applied: sql`chunk.deleted_count`,
  skipped: sql`chunk.skipped_count`,
  failed: sql`chunk.failed_count`,
  pending: sql`CASE WHEN ${IS_OPEN} THEN ${UNDONE} ELSE 0 END`,
  not_attempted: sql`CASE WHEN ${IS_OPEN} THEN 0 ELSE ${UNDONE} END`,
};
