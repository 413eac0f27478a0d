import { countChanged, tooManyMatches } from "@bulk/domain/errors/refusals";
import type { RequestError } from "@bulk/domain/errors/request-error";
import { type Database, transactDirectly } from "../../database.ts";
import { type Sql, sql } from "../../sql.ts";
import { findSqlstate } from "../../sqlstate.ts";
import { type Selection, selectIds } from "./selection.ts";

/** How many records may match. */
export type CountLimits = {
  readonly maxRecords: number;
  readonly expectedCount: number | undefined;
  /** How long counting what is too much may take. */
  readonly timeoutMs: number;
};

/**
 * Returns why this number of matches is refused, `undefined` if it is not. What is too much is counted again, exactly: the
 * selection has stopped at one more than may be.
 */
export async function judgeCount(
  database: Database,
  selection: Selection & CountLimits,
  matchCount: number,
): Promise<RequestError | undefined> {
  const { maxRecords, expectedCount } = selection;
  if (matchCount > maxRecords) return tooManyMatches(await countAll(database, selection), maxRecords);
  if (expectedCount === undefined || expectedCount === matchCount) return undefined;
  return countChanged(matchCount, expectedCount);
}

/** The statement that limits the time of those after it in the transaction. */
export function limitTime(ms: number): Sql {
  return sql`SELECT set_config('statement_timeout', ${String(ms)}, true)`;
}

/** Counts what matches; null if that takes too long. */
async function countAll(
  database: Database,
  selection: Selection & Pick<CountLimits, "timeoutMs">,
): Promise<number | null> {
  const { timeoutMs } = selection;
  const count = sql`SELECT count(*)::int AS count FROM (${selectIds(selection)}) AS matching`;
  try {
    const statements = [limitTime(timeoutMs), count];
    const [row] = await transactDirectly<{ count: number }>(database, statements, timeoutMs + 2_000);
    return row?.count ?? null;
  } catch (error) {
    if (findSqlstate(error) === "57014") return null;
    throw error;
  }
}
