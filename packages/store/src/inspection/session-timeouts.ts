import type { Queryable } from "../database.ts";

/** How long a session waits, in milliseconds; 0: for ever. */
export type SessionTimeouts = { readonly lockTimeoutMs: number; readonly statementTimeoutMs: number };

/** The time-outs this connection has, whatever it asked for. */
export async function readSessionTimeouts(database: Queryable): Promise<SessionTimeouts> {
  const [row] = await database.$queryRaw<SessionTimeouts[]>`
    SELECT (SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout') AS "lockTimeoutMs",
      (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS "statementTimeoutMs"`;
  if (row === undefined) throw new Error("SELECT returned no row.");
  return row;
}
