import { MAX_ATTEMPTS } from "@bulk/domain/bulk-actions/chunk-failure";
import type { Database, Queryable } from "../database.ts";
import { sql } from "../sql.ts";
import { findSqlstate } from "../sqlstate.ts";
import type { ChunkReport } from "./apply-chunk.ts";
import {
  type Attempt,
  applySlice,
  type LockedChunk,
  lockNextChunk,
  rollBack,
  setSavepoint,
  shortenWaits,
} from "./chunk-attempt.ts";
import type { ChunkEffect } from "./chunk-effect.ts";
import type { Refusal } from "./chunk-evidence.ts";
import { type RefusedReport, setBack } from "./chunk-remedy.ts";
import type { ChunkSource } from "./claim-chunk.ts";
import { explainSkips } from "./explain-skips.ts";

/** The result of the careful path. */
export type CarefulReport =
  | RefusedReport
  | { readonly kind: "applied"; readonly report: ChunkReport }
  /** The COMMIT was refused, and another worker took the chunk before the refusal could be written. */
  | { readonly kind: "overtaken" };

/**
 * Takes the next free chunk, in trouble or not, and tries it under a savepoint. If the database refuses it, finds the
 * cause and writes the remedy on the chunk, in the same transaction and under the same row lock: try fewer records, try
 * later, or fail the record (if it is a single one).
 *
 * Throws if the database cannot be reached, or if the ids are of another kind than the action's key. Nothing has changed
 * then.
 */
export async function applyNextChunkCarefully(
  database: Database,
  source: ChunkSource,
  effect: ChunkEffect,
): Promise<CarefulReport> {
  const applied: LockedChunk[] = [];
  try {
    return await inTransaction(database, async (transaction) => {
      const chunk = await lockNextChunk(transaction, source);
      if (chunk === undefined) return { kind: "none_free" };
      refuseOtherKey(chunk, source, effect);
      const report = await tryChunk({ transaction, source, effect, chunk });
      if (report.kind === "applied") applied.push(chunk);
      return report;
    });
  } catch (error) {
    const [chunk] = applied;
    const sqlstate = findSqlstate(error);
    if (chunk === undefined || sqlstate === undefined) throw error;
    return await setBackAfterwards(database, { source, effect, chunk }, { error, sqlstate });
  }
}

// The fast statement always fails for such a chunk, since its slice is null; so this is where the reason is found.
function refuseOtherKey(
  { hasUuids }: LockedChunk,
  { bulkActionId, actionType }: ChunkSource,
  { key }: ChunkEffect,
): void {
  if (hasUuids === (key.type === "uuid")) return;
  throw new Error(
    `The ids of bulk action ${bulkActionId} are ${hasUuids ? "UUIDs" : "not UUIDs"}, but the key of ${actionType} is ` +
      `${key.type} now. Restore the former key type and restart API and workers, or cancel the bulk action: ` +
      `pnpm admin action cancel ${bulkActionId}`,
  );
}

function inTransaction<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  return database.$transaction(work, { timeout: CAREFUL_TIMEOUT_MS, maxWait: 5_000 });
}

/** Longer than all statements of a try may take. Prisma's default of 5 s would abort slow deletes. */
const CAREFUL_TIMEOUT_MS = 120_000;

async function tryChunk(attempt: Attempt): Promise<CarefulReport> {
  const { transaction, source, effect, chunk } = attempt;
  // When attempts run out, the records at fault are isolated one by one, which takes many short waits.
  if (chunk.attempts + 1 >= MAX_ATTEMPTS) await shortenWaits(transaction);
  await setSavepoint(transaction);
  try {
    const report = await applySlice(attempt, {});
    if (report === undefined) return { kind: "none_free" };
    if (report.skipped > 0) await explainSkips(transaction, source, chunk.position, effect);
    return { kind: "applied", report };
  } catch (error) {
    const sqlstate = findSqlstate(error);
    if (sqlstate === undefined) throw error;
    // Throws if the connection is lost: then the error says nothing about the records.
    await rollBack(attempt);
    return await setBack(attempt, { error, sqlstate });
  }
}

// A deferred trigger can make the COMMIT itself fail. Another worker may have taken the chunk since.
async function setBackAfterwards(
  database: Database,
  { source, effect, chunk }: Omit<Attempt, "transaction">,
  refusal: Refusal,
): Promise<CarefulReport> {
  return await inTransaction(database, async (transaction) => {
    const isSame = sql`chunk.position = ${chunk.position} AND chunk.done_count = ${chunk.doneCount}
      AND chunk.attempts = ${chunk.attempts}`;
    const again = await lockNextChunk(transaction, source, isSame);
    if (again?.size !== chunk.size) return { kind: "overtaken" };
    await setSavepoint(transaction);
    return await setBack({ transaction, source, effect, chunk }, refusal);
  });
}
