import { findSqlstate, isDatabaseUnavailable } from "@bulk/store/sqlstate";

/** What a failed turn leaves in the queue, for whoever looks at it there. */
export class TurnFailure extends Error {
  override readonly name = "TurnFailure";
}

/**
 * Says in our words why a turn failed. The words of drivers may name servers and paths; they are in the log, which has
 * other readers than the queue. Those of PostgreSQL may quote records; they are in neither.
 */
export function describeTurnFailure(error: unknown): TurnFailure {
  const sentences = [explain(error), "Nothing is lost: the sweeper starts the lanes again."];
  const failure = new TurnFailure(sentences.join(" "));
  // Bull Board shows this; the stack itself would be this function's.
  failure.stack = sentences.join("\n");
  return failure;
}

function explain(error: unknown): string {
  const sqlstate = findSqlstate(error);
  const code = sqlstate === undefined ? "" : ` (SQLSTATE ${sqlstate})`;
  if (isDatabaseUnavailable(error)) return `The database was away, too busy, or ended the connection${code}.`;
  if (sqlstate !== undefined) return `The database cannot be worked with${code}; the worker's log says why.`;
  // Of a class of its own: a driver's.
  if (!(error instanceof Error) || error.name !== "Error") return "The worker's log says why.";
  return error.message.replaceAll(/\/\/[^@/\s]*@/g, "//…@");
}
