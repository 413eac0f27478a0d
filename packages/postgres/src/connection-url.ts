/** The schema that holds our tables, unless `?schema=` of the URL names another. */
const DEFAULT_SCHEMA = "public";

/** The schema a database URL names. */
export function readSchema(url: string): string {
  return new URL(url).searchParams.get("schema") || DEFAULT_SCHEMA;
}

/**
 * What is wrong with the parameters of a database URL, one phrase each that goes on from the variable's name; empty
 * when all are honoured. A parameter that would change nothing is refused: whoever wrote it expects something.
 */
export function findParameterFaults(url: string): readonly string[] {
  return [...new URL(url).searchParams].flatMap(([name, value]) => {
    const allowed = HONOURED.get(name);
    if (allowed === undefined) return [`has the parameter ${name}: ${CURES.get(name) ?? "take it out"}`];
    return allowed.test(value) ? [] : [`has an unusable value of the parameter ${name}`];
  });
}

const ANYTHING = /./;

// https://node-postgres.com/features/connecting#connection-uri; `schema` is ours, as Prisma has it.
const HONOURED = new Map([
  ["schema", /^[A-Za-z_][\w-]{0,62}$/],
  ["sslmode", /^(disable|prefer|require|verify-ca|verify-full|no-verify)$/],
  ["ssl", /^(true|false|0|1|no-verify)$/],
  ["sslnegotiation", /^(postgres|direct)$/],
  ["uselibpqcompat", /^(true|false)$/],
  ...["sslcert", "sslkey", "sslrootcert", "host", "port", "user", "password", "options"].map(
    (name) => [name, ANYTHING] as const,
  ),
  ...["application_name", "fallback_application_name"].map((name) => [name, ANYTHING] as const),
]);

const TIMEOUTS = "take it out, and set LOCK_TIMEOUT_MS and STATEMENT_TIMEOUT_MS";
const POOL_SIZE = "take it out, and set API_POOL_SIZE and WORKER_CONCURRENCY";

const CURES = new Map([
  ["connection_limit", POOL_SIZE],
  ["pool_timeout", POOL_SIZE],
  ["statement_timeout", TIMEOUTS],
  ["lock_timeout", TIMEOUTS],
  ["idle_in_transaction_session_timeout", TIMEOUTS],
  ["query_timeout", TIMEOUTS],
  ["socket_timeout", TIMEOUTS],
  ["pgbouncer", "take it out; the pooler needs max_prepared_statements (docs/operations.md)"],
  ["statement_cache_size", "take it out; the pooler needs max_prepared_statements (docs/operations.md)"],
  ["sslaccept", "write sslmode=verify-full, or sslmode=no-verify, instead"],
  ["client_encoding", "take it out; it is UTF8"],
]);
