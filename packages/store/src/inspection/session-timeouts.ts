import type { Queryable } from "../database.ts";

/** The time-outs of a session in milliseconds; 0: none. */
export type SessionTimeouts = { readonly lockTimeoutMs: number; readonly statementTimeoutMs: number };

/** Reads the time-outs that are in force, which may differ from those requested. */
export async function readSessionTimeouts(database: Queryable): Promise<SessionTimeouts> {
  const [row] = await database.$queryRaw<SessionTimeouts[]>`
    SELECT (SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout') AS "lockTimeoutMs",
      (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS "statementTimeoutMs"`;
  if (row === undefined) throw new Error("SELECT returned no row.");
  return row;
}
