import type { ChunkFault } from "@bulk/domain/bulk-actions/chunk-failure";
import { ConnectError } from "@bulk/postgres/tell-failures";

/**
 * Finds the five-character PostgreSQL error code in an error thrown by Prisma or node-postgres, if the error came from the
 * server. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function findSqlstate(error: unknown): string | undefined {
  const code = findDriverCause(error)?.["originalCode"] ?? findServerCode(error);
  return typeof code === "string" ? code : undefined;
}

/**
 * Classifies the code of a failed chunk statement. The code alone proves nothing, because a trigger can raise any code:
 * investigate `server` and `locked`.
 */
export function judgeSqlstate(sqlstate: string): Exclude<ChunkFault, "table_locked"> {
  switch (sqlstate) {
    // A RESTRICT foreign key: 23001 since PostgreSQL 18, 23503 before.
    case "23001":
    case "23503":
    // A unique key or an exclusion constraint: of a table that a trigger writes to, or of a row that a restore brings back.
    case "23505":
    case "23P01":
      return "referenced";
    case "40P01":
    case "40001":
      return "conflict";
    case "55P03":
      return "locked";
    case "57014":
      return "slow";
    // Raised by bulk.refuse, of our own statements.
    case "BA001":
      return "kept";
    default:
      return isAboutServer(sqlstate) ? "server" : "refused";
  }
}

/** Finds the name of the constraint, or unique index, that refused a row, in an error thrown by Prisma. */
export function findConstraint(error: unknown): string | undefined {
  const cause = findDriverCause(error);
  const constraint: unknown = cause?.["constraint"];
  const name: unknown = isRecord(constraint) ? constraint["index"] : undefined;
  if (typeof name === "string") return name;
  if (cause?.["originalCode"] !== "23P01") return undefined;
  // Prisma passes on the name of an exclusion constraint only in the message, quoted as the server's language does.
  return /"([^"]+)"$/.exec(String(cause["originalMessage"]))?.[1];
}

/** Returns whether another session held a lock for longer than the lock time-out. */
export function isLockTimeout(error: unknown): boolean {
  return findSqlstate(error) === "55P03";
}

/** Returns whether a unique key refused the statement. */
export function isUniqueViolation(error: unknown): boolean {
  return findSqlstate(error) === "23505";
}

/** Returns whether the database runs, and a statement or a lock took too long, or another transaction was in conflict. */
export function isDatabaseBusy(error: unknown): boolean {
  return /^(40001|40P01|55P03|57014)$/.test(findSqlstate(error) ?? "");
}

/** Returns whether the error means that the database could not be reached, was too busy, or takes no writes now. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const sqlstate = findSqlstate(error);
  // 55000: the database is closed for connections (ALTER DATABASE … ALLOW_CONNECTIONS false).
  // 25006: it is read-only, as after a failover. 53, 58: its disk, memory, connections or files are exhausted.
  // 57014, 55P03: a statement or a lock took too long. 40001, 40P01: a conflict with another transaction.
  if (sqlstate !== undefined) {
    return /^(08|25006|28|3D|40001|40003|40P01|53|55000|55P03|57014|57P|58)/.test(sqlstate);
  }
  if (!(error instanceof Error)) return false;
  if (error instanceof ConnectError) return true;
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string" && UNREACHABLE_CODES.has(code)) return true;
  const kind = findDriverCause(error)?.["kind"];
  return (typeof kind === "string" && UNREACHABLE_KINDS.has(kind)) || UNREACHABLE_MESSAGE.test(error.message);
}

/**
 * Returns whether the failed statement may still have been executed: it was sent, and the connection ended or timed out
 * before the response was complete. After any other error nothing has happened.
 */
export function mayHaveHappened(error: unknown): boolean {
  const sqlstate = findSqlstate(error);
  // 08007, 40003: the server does not know.
  if (sqlstate !== undefined) return /^(08007|40003|57P01|57P02)$/.test(sqlstate);
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string" && SILENCE_CODES.has(code)) return true;
  const kind = findDriverCause(error)?.["kind"];
  return (typeof kind === "string" && SILENCE_KINDS.has(kind)) || SILENCE_MESSAGE.test(error.message);
}

/** Returns whether the error means that tables or columns are missing: migrations have not been applied. */
export function isNotMigrated(error: unknown): boolean {
  // P2021, P2022: Prisma's codes for a table and a column.
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return code === "P2021" || code === "P2022" || /^42(P01|703)$/.test(findSqlstate(error) ?? "");
}

// Classes that usually are: connection, missing or foreign schema, resources, operator intervention, system, internal.
function isAboutServer(sqlstate: string): boolean {
  return /^(08|25|26|28|3D|3F|42|53|57P|58|XX)/.test(sqlstate);
}

// P1001, P1002, P1008, P1017: https://www.prisma.io/docs/orm/reference/error-reference
// P2024, P2028: no connection from the pool in time.
const UNREACHABLE_CODES = new Set([
  "P1001",
  "P1002",
  "P1008",
  "P1017",
  "P2024",
  "P2028",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EPIPE",
]);

const UNREACHABLE_KINDS = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout"]);

// node-postgres reports a connection lost during a query, and a pool without a free one, only by message.
const UNREACHABLE_MESSAGE =
  /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/;

// The subset of errors after which the statement may have been executed. P1008: time-out. P1017: connection closed.
const SILENCE_CODES = new Set(["P1008", "P1017", "ECONNRESET", "EPIPE", "ETIMEDOUT"]);
const SILENCE_KINDS = new Set(["ConnectionClosed", "SocketTimeout"]);
const SILENCE_MESSAGE = /Connection terminated(?! due to connection timeout)|Query read timeout/;

function findDriverCause(error: unknown): Readonly<Record<string, unknown>> | undefined {
  let candidate: unknown = error;
  for (const step of ["meta", "driverAdapterError", "cause"]) {
    const next: unknown = isRecord(candidate) ? Reflect.get(candidate, step) : undefined;
    if (next !== undefined) candidate = next;
  }
  return isRecord(candidate) && candidate !== error ? candidate : undefined;
}

// In node-postgres only errors of the server have a severity.
function findServerCode(error: unknown): unknown {
  return isRecord(error) && error["severity"] !== undefined ? error["code"] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
