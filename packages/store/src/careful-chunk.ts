import {
  type ChunkFault,
  type ChunkRemedy,
  chooseRemedy,
  type Evidence,
  MAX_ATTEMPTS,
  MOST_ATTEMPTS,
} from "@bulk/domain/chunk-failure";
import {
  applyChunk,
  type ChunkEffect,
  type ChunkReport,
  type ChunkSource,
  explainSkips,
  mayTake,
  most,
  type SliceLimits,
} from "./chunks.ts";
import type { Database, Queryable } from "./database.ts";
import { findLockedTable } from "./locked-table.ts";
import { type Sql, sql } from "./sql.ts";
import { findSqlstate, judgeSqlstate } from "./sqlstate.ts";

/** What the careful path found and did. */
export type CarefulReport =
  | { readonly kind: "none_free" }
  | { readonly kind: "applied"; readonly report: ChunkReport }
  | {
      readonly kind: "set_back";
      readonly position: number;
      readonly fault: ChunkFault;
      readonly remedy: ChunkRemedy;
    }
  /** The error comes without any record as well: it is written on the chunk, and nothing else is. */
  | { readonly kind: "not_concluded"; readonly position: number; readonly error: unknown }
  /** Its commit was refused, and before that could be written down, somebody else had gone on with the chunk. */
  | { readonly kind: "overtaken" };

/**
 * Takes the next free chunk, in trouble or not, and tries it under a savepoint. When the database refuses,
 * what it said is looked into and written on the chunk in the same transaction, under the same row lock, with the
 * remedy: try fewer records, try later, or (a single record) give it up as failed.
 *
 * Throws when the database cannot be reached; then nothing changed.
 */
export async function applyNextChunkCarefully(
  database: Database,
  source: ChunkSource,
  effect: ChunkEffect,
): Promise<CarefulReport> {
  const applied: LockedChunk[] = [];
  try {
    return await inTransaction(database, async (transaction) => {
      const chunk = await lockNextChunk(transaction, source, sql`true`);
      if (chunk === undefined) return { kind: "none_free" };
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

type LockedChunk = {
  readonly position: number;
  readonly attempts: number;
  readonly doneCount: number;
  /** How many records the next try takes. */
  readonly size: number;
  /** How many have no outcome yet. */
  readonly remaining: number;
};

/** One try of one chunk, whose row lock the transaction has. */
type Attempt = {
  readonly transaction: Queryable;
  readonly source: ChunkSource;
  readonly effect: ChunkEffect;
  readonly chunk: LockedChunk;
};

/** What the database said. */
type Refusal = { readonly error: unknown; readonly sqlstate: string };

function inTransaction<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  return database.$transaction(work, { timeout: CAREFUL_TIMEOUT_MS, maxWait: 5_000 });
}

/** Longer than all statements of a try may take; Prisma's own default of 5 s would cut slow deletes off. */
const CAREFUL_TIMEOUT_MS = 120_000;

async function lockNextChunk(
  transaction: Queryable,
  source: ChunkSource,
  condition: Sql,
): Promise<LockedChunk | undefined> {
  const [chunk] = await transaction.$queryRaw<LockedChunk[]>`
    SELECT chunk.position, chunk.attempts, chunk.done_count AS "doneCount",
           chunk.record_count - chunk.done_count AS remaining,
           LEAST(COALESCE(chunk.slice_size, chunk.record_count),
                 chunk.record_count - chunk.done_count, ${most(source)}) AS size
    FROM bulk_action_chunks chunk
    JOIN bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
    WHERE ${mayTake(source)} AND ${condition}
    ORDER BY chunk.position
    LIMIT 1
    FOR UPDATE OF chunk SKIP LOCKED`;
  return chunk;
}

async function tryChunk(attempt: Attempt): Promise<CarefulReport> {
  const { transaction, source, effect, chunk } = attempt;
  // Out of attempts, the records that cause it are singled out one by one: many short waits.
  if (chunk.attempts + 1 >= MAX_ATTEMPTS) await shortenWaits(transaction);
  await transaction.$executeRaw`SAVEPOINT attempt`;
  try {
    const report = await applySlice(attempt, {});
    if (report === undefined) return { kind: "none_free" };
    if (report.skipped > 0) await explainSkips(transaction, source, chunk.position, effect);
    return { kind: "applied", report };
  } catch (error) {
    const sqlstate = findSqlstate(error);
    if (sqlstate === undefined) throw error;
    // Throws when the connection is gone: then the error says nothing about the records.
    await goBack(attempt);
    return await setBack(attempt, { error, sqlstate });
  }
}

async function applySlice(
  { transaction, source, effect, chunk }: Attempt,
  limits: SliceLimits,
): Promise<ChunkReport | undefined> {
  const report = await applyChunk(transaction, source, { position: chunk.position, effect, limits });
  // Deferred constraints would otherwise refuse the COMMIT, and all that was written with it.
  await transaction.$executeRaw`SET CONSTRAINTS ALL IMMEDIATE`;
  return report;
}

async function goBack({ transaction }: Attempt): Promise<void> {
  await transaction.$executeRaw`ROLLBACK TO SAVEPOINT attempt`;
}

async function shortenWaits(transaction: Queryable): Promise<void> {
  await transaction.$executeRaw`SET LOCAL lock_timeout = 250`;
}

async function setBack(attempt: Attempt, refusal: Refusal): Promise<CarefulReport> {
  const { position, size, attempts } = attempt.chunk;
  const finding = await lookInto(attempt, refusal);
  switch (finding.kind) {
    case "canceled":
      return { kind: "none_free" };
    case "no_record":
      await writeOnChunk(attempt, sql`attempts = attempts`, describe(refusal));
      return { kind: "not_concluded", position, error: refusal.error };
    case "records": {
      const { fault, evidence, words = describe(refusal) } = finding;
      const remedy = chooseRemedy({ fault, size, attempts, evidence });
      await writeOnChunk(attempt, assignments(remedy), words);
      return { kind: "set_back", position, fault, remedy };
    }
  }
}

/** What a refusal is about. */
type Finding =
  | {
      readonly kind: "records";
      readonly fault: ChunkFault;
      readonly evidence?: Evidence;
      /** In place of the database's. */
      readonly words?: string;
    }
  | { readonly kind: "no_record" }
  /** Meanwhile the bulk action was canceled, or its generation has moved on. */
  | { readonly kind: "canceled" };

async function lookInto(attempt: Attempt, { sqlstate }: Refusal): Promise<Finding> {
  const fault = judgeSqlstate(sqlstate);
  switch (fault) {
    case "locked":
    case "slow": {
      const table = await findLockedTable(attempt.transaction, attempt.effect.table);
      if (table === undefined) return { kind: "records", fault };
      return { kind: "records", fault: "table_locked", words: WAITS_FOR_TABLE + table };
    }
    case "server": {
      const { kind } = await probe(attempt, { mostRecords: 0 });
      if (kind === "refused") return { kind: "no_record" };
      if (kind === "canceled") return { kind };
      return { kind: "records", fault, evidence: await findEvidence(attempt) };
    }
    default:
      return { kind: "records", fault };
  }
}

/** How the words on a chunk begin that waits until a table is unlocked; the table's name follows. */
export const WAITS_FOR_TABLE = "Waits for a lock on the table ";

type Probe =
  | { readonly kind: "passed"; readonly deleted: number }
  | { readonly kind: "refused" | "canceled" };

// The very same statement, over other records or none, for what comes of it alone.
async function probe(attempt: Attempt, limits: SliceLimits): Promise<Probe> {
  const { transaction } = attempt;
  try {
    // Going back to the savepoint ends both.
    await shortenWaits(transaction);
    await transaction.$executeRaw`SET LOCAL statement_timeout = 2000`;
    const report = await applySlice(attempt, limits);
    return report === undefined ? { kind: "canceled" } : { kind: "passed", deleted: report.deleted };
  } catch (error) {
    if (findSqlstate(error) === undefined) throw error;
    return { kind: "refused" };
  } finally {
    await goBack(attempt);
  }
}

/** Others that are tried, one by one, before it is said that none passes. */
const MOST_PROBES = 8;

async function findEvidence(attempt: Attempt): Promise<Evidence> {
  const { transaction, source, chunk } = attempt;
  if (chunk.size > 1 || chunk.attempts + 1 >= MOST_ATTEMPTS) return "none";
  const others = chunk.remaining - 1;
  if (others === 0) return (await hasDeleted(transaction, source)) ? "others_passed" : "none";
  const stride = Math.ceil(others / MOST_PROBES);
  for (let offset = 1; offset <= others; offset += stride) {
    const other = await probe(attempt, { mostRecords: 1, offset });
    if (other.kind === "passed" && other.deleted > 0) return "others_pass";
  }
  return "none";
}

async function hasDeleted(transaction: Queryable, { bulkActionId }: ChunkSource): Promise<boolean> {
  const rows = await transaction.$queryRaw<unknown[]>`
    SELECT 1 AS one FROM bulk_action_chunks
    WHERE bulk_action_id = ${bulkActionId}::uuid AND deleted_count > 0 LIMIT 1`;
  return rows.length > 0;
}

// A trigger can put off a check once more, until the COMMIT itself refuses. The chunk was free for a moment since.
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
    await transaction.$executeRaw`SAVEPOINT attempt`;
    return await setBack({ transaction, source, effect, chunk }, refusal);
  });
}

// Prisma's words for an error of a COMMIT leave the code out.
function describe({ error, sqlstate }: Refusal): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = `Code: \`${sqlstate}\``;
  return message.includes(code) ? message : `${code}. ${message}`;
}

async function writeOnChunk(
  { transaction, source, chunk }: Attempt,
  changes: Sql,
  words: string,
): Promise<void> {
  await transaction.$executeRaw`
    UPDATE bulk_action_chunks SET ${changes}, last_error = left(${words}, 1000)
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
      return sql`failed_ids = failed_ids || record_ids[done_count + 1],
        failed_codes = failed_codes || ${remedy.code}::text,
        failed_count = failed_count + 1,
        done_count = done_count + 1,
        progressed_at = clock_timestamp(),
        slice_size = 1,
        finished_at = CASE WHEN done_count + 1 = record_count THEN clock_timestamp() END`;
  }
}

function inFuture(delayMs: number): Sql {
  return sql`clock_timestamp() + make_interval(secs => ${delayMs}::float8 / 1000)`;
}
