import type { Queryable } from "./database.ts";
import { findSqlstate } from "./sqlstate.ts";

/** Whether the database takes writes; the reason is for people. */
export type WriteState =
  | { readonly status: "ok" }
  | { readonly status: "unavailable"; readonly reason: string };

/**
 * Commits a write that changes nothing: the lock that every create takes on its account. So it is refused where
 * creates are, and its commit waits where theirs do. Throws when the database does not answer.
 *
 * A commit that waits for a synchronous standby holds its connection as long as the standby is away, whether or not
 * anybody still waits for the answer. So none is tried while another of this user waits already.
 */
export async function examineWrites(database: Queryable): Promise<WriteState> {
  if (await isCommitStuck(database)) return unavailable(STUCK);
  try {
    await database.$executeRaw`SELECT FROM accounts LIMIT 1 FOR KEY SHARE SKIP LOCKED`;
    return { status: "ok" };
  } catch (error) {
    const sqlstate = findSqlstate(error);
    if (sqlstate === undefined) throw error;
    // What is missing here is the schema's fault, which has a check of its own.
    return sqlstate === "42P01" ? { status: "ok" } : unavailable(explain(sqlstate));
  }
}

const STUCK = "PostgreSQL does not finish commits: a synchronous standby does not confirm them.";

/** Longer than a commit takes whose standby is there. */
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
      return "The database user may not write: it lacks UPDATE on accounts.";
    case "55P03":
      return "Somebody holds a lock on the table accounts.";
    default:
      return `PostgreSQL refuses to write (SQLSTATE ${sqlstate}).`;
  }
}

function unavailable(reason: string): WriteState {
  return { status: "unavailable", reason };
}
