import { findSqlstate, isDatabaseUnavailable } from "@bulk/store/sqlstate";

/** Why a turn failed, as the queue keeps it and the dashboard shows it. */
export class TurnFailure extends Error {
  override readonly name = "TurnFailure";
}

/**
 * Returns the reason why a turn failed, in our own words. A driver's message may name servers and paths: it is in the
 * log only, which has other readers than the queue. PostgreSQL's message may quote records: it is in neither.
 */
export function describeTurnFailure(error: unknown): TurnFailure {
  const sentences = [explain(error), "Nothing is lost: the sweeper restarts the lanes."];
  const failure = new TurnFailure(sentences.join(" "));
  // Bull Board shows the stack. The real one would be this function's.
  failure.stack = sentences.join("\n");
  return failure;
}

function explain(error: unknown): string {
  const sqlstate = findSqlstate(error);
  const code = sqlstate === undefined ? "" : ` (SQLSTATE ${sqlstate})`;
  if (isDatabaseUnavailable(error)) return `The database was away, too busy, or ended the connection${code}.`;
  if (sqlstate !== undefined) return `The database refused the work${code}; the worker's log says why.`;
  // An error class of its own is a driver's.
  if (!(error instanceof Error) || error.name !== "Error") return "The worker's log says why.";
  return error.message.replaceAll(/\/\/[^@/\s]*@/g, "//…@");
}
