import { type ChunkFault, type Evidence, MOST_ATTEMPTS } from "@bulk/domain/bulk-actions/chunk-failure";
import type { Queryable } from "../database.ts";
import { findConstraint, findSqlstate, judgeSqlstate } from "../sqlstate.ts";
import { type Attempt, applySlice, rollBack, shortenWaits } from "./chunk-attempt.ts";
import type { ChunkSource, SliceLimits } from "./claim-chunk.ts";
import { findLockedTable } from "./locked-table.ts";

/** The cause of a refusal. */
export type Finding =
  | {
      readonly kind: "records";
      readonly fault: ChunkFault;
      readonly evidence?: Evidence;
      /** The table that another session has locked. */
      readonly lockedTable?: string;
      /** The constraint of the fault `taken`. */
      readonly constraint?: string;
    }
  /** The database also refuses the statement without any record. */
  | { readonly kind: "no_record" }
  /** The bulk action was canceled meanwhile, or its generation has moved on. */
  | { readonly kind: "canceled" };

/** An error of the database, with its code. */
export type Refusal = { readonly error: unknown; readonly sqlstate: string };

/** Finds the cause of a refusal. The attempt must have been rolled back. */
export async function findCause(attempt: Attempt, refusal: Refusal): Promise<Finding> {
  const { sqlstate } = refusal;
  const fault = judgeSqlstate(sqlstate);
  switch (fault) {
    case "locked":
    case "slow": {
      const lockedTable = await findLockedTable(attempt.transaction, attempt.effect);
      if (lockedTable === undefined) return { kind: "records", fault };
      return { kind: "records", fault: "table_locked", lockedTable };
    }
    case "kept": {
      // A single record is concluded upon only if it happens again: another session may have changed a related row.
      if (attempt.chunk.size > 1) return { kind: "records", fault };
      const again = await probe(attempt, { mostRecords: 1 });
      if (again.kind === "canceled") return again;
      const isKept = again.kind === "refused" && judgeSqlstate(again.sqlstate) === "kept";
      return { kind: "records", fault: isKept ? "kept" : "conflict" };
    }
    case "referenced":
      return attempt.effect.candidates === undefined
        ? { kind: "records", fault }
        : await judgeComers(attempt, refusal);
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

/*
 * Rows that come back are not looked at beforehand: those that go with a record, and those that refer to a table which the
 * service may not read, or to their own. A code without a constraint may come from a trigger.
 */
async function judgeComers(attempt: Attempt, { error, sqlstate }: Refusal): Promise<Finding> {
  const constraint = findConstraint(error);
  if (constraint === undefined) return { kind: "records", fault: "referenced" };
  switch (sqlstate) {
    case "23505":
    case "23P01":
      return { kind: "records", fault: "taken", constraint };
    case "23503":
      return { kind: "records", fault: (await hasOpenOthers(attempt)) ? "early" : "orphaned" };
    default:
      return { kind: "records", fault: "referenced" };
  }
}

// Whether another chunk of this bulk action may bring back more records.
async function hasOpenOthers({ transaction, source, chunk }: Attempt): Promise<boolean> {
  const rows = await transaction.$queryRaw<unknown[]>`
    SELECT 1 AS one FROM bulk.bulk_action_chunks
    WHERE bulk_action_id = ${source.bulkActionId}::uuid AND position <> ${chunk.position} AND finished_at IS NULL LIMIT 1`;
  return rows.length > 0;
}

type Probe =
  | { readonly kind: "passed"; readonly applied: number }
  | { readonly kind: "refused"; readonly sqlstate: string }
  | { readonly kind: "canceled" };

// Runs the same statement over other records, or none, to learn whether it passes. Its effect is always undone.
async function probe(attempt: Attempt, limits: SliceLimits): Promise<Probe> {
  const { transaction } = attempt;
  try {
    // The rollback to the savepoint ends both settings.
    await shortenWaits(transaction);
    await transaction.$executeRaw`SET LOCAL statement_timeout = 2000`;
    const report = await applySlice(attempt, limits);
    return report === undefined ? { kind: "canceled" } : { kind: "passed", applied: report.applied };
  } catch (error) {
    const sqlstate = findSqlstate(error);
    if (sqlstate === undefined) throw error;
    return { kind: "refused", sqlstate };
  } finally {
    await rollBack(attempt);
  }
}

/** The most other records that are tried, one by one, before the evidence is `none`. */
const MOST_PROBES = 8;

async function findEvidence(attempt: Attempt): Promise<Evidence> {
  const { transaction, source, chunk } = attempt;
  if (chunk.size > 1 || chunk.attempts + 1 >= MOST_ATTEMPTS) return "none";
  const others = chunk.remaining - 1;
  if (others === 0) return (await hasApplied(transaction, source)) ? "others_passed" : "none";
  const stride = Math.ceil(others / MOST_PROBES);
  for (let offset = 1; offset <= others; offset += stride) {
    const other = await probe(attempt, { mostRecords: 1, offset });
    if (other.kind === "passed" && other.applied > 0) return "others_pass";
  }
  return "none";
}

async function hasApplied(transaction: Queryable, { bulkActionId }: ChunkSource): Promise<boolean> {
  const rows = await transaction.$queryRaw<unknown[]>`
    SELECT 1 AS one FROM bulk.bulk_action_chunks
    WHERE bulk_action_id = ${bulkActionId}::uuid AND deleted_count > 0 LIMIT 1`;
  return rows.length > 0;
}
