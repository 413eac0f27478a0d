import type { Queryable } from "../database.ts";
import { findSqlstate } from "../sqlstate.ts";

/** Whether the database accepts writes; the reason is for people. */
export type WriteState =
  | { readonly status: "ok" }
  | { readonly status: "unavailable"; readonly reason: string };

/**
 * Commits a write without effect: the lock that every create takes on its account. It is refused when creates are refused,
 * and its commit waits when theirs wait. Throws when the database does not respond.
 *
 * A commit that waits for a synchronous standby holds its connection while the standby is away, even after its caller gave
 * up. So no write is tried while another one of this user already waits.
 */
export async function examineWrites(database: Queryable): Promise<WriteState> {
  if (await isCommitStuck(database)) return unavailable(STUCK);
  try {
    await database.$executeRaw`SELECT FROM bulk.accounts LIMIT 1 FOR KEY SHARE SKIP LOCKED`;
    return { status: "ok" };
  } catch (error) {
    const sqlstate = findSqlstate(error);
    if (sqlstate === undefined) throw error;
    // A missing table is reported by the check of the schema.
    return sqlstate === "42P01" ? { status: "ok" } : unavailable(explain(sqlstate));
  }
}

const STUCK = "PostgreSQL does not finish commits: a synchronous standby does not confirm them.";

/** Longer than any commit with a working standby. */
const STUCK_SECONDS = 2;

async function isCommitStuck(database: Queryable): Promise<boolean> {
  const [stuck] = await database.$queryRaw<unknown[]>`
    SELECT 1 AS one FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND wait_event = 'SyncRep'
      AND state_change < clock_timestamp() - make_interval(secs => ${STUCK_SECONDS})
    LIMIT 1`;
  return stuck !== undefined;
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
function explain(sqlstate: string): string {
  switch (sqlstate) {
    case "25006":
    case "55000":
      return "PostgreSQL is read-only: it is a standby, or default_transaction_read_only is on.";
    case "53100":
      return "PostgreSQL has no space left on its disk.";
    case "53300":
      return "PostgreSQL has no connection left.";
    case "57P03":
      return "PostgreSQL is starting up or shutting down.";
    case "42501":
      return "The database user may not write: it lacks UPDATE on bulk.accounts.";
    case "55P03":
      return "Another session holds a lock on the table bulk.accounts.";
    default:
      return `PostgreSQL refuses to write (SQLSTATE ${sqlstate}).`;
  }
}

function unavailable(reason: string): WriteState {
  return { status: "unavailable", reason };
}
