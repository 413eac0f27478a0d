/**
 * Returns the faults of a database URL's parameters, as phrases that follow the variable's name; empty if there are none.
 * Parameters without effect are refused, because the operator who set one expects an effect.
 */
export function findParameterFaults(url: string): readonly string[] {
  return [...new URL(url).searchParams].flatMap(([name, value]) => {
    const allowed = HONOURED.get(name);
    if (allowed === undefined) return [`has the parameter ${name}: ${CURES.get(name) ?? "remove it"}`];
    return allowed.test(value) ? [] : [`has an unusable value of the parameter ${name}`];
  });
}

const ANYTHING = /./;

// https://node-postgres.com/features/connecting#connection-uri
const HONOURED = new Map([
  ["sslmode", /^(disable|prefer|require|verify-ca|verify-full|no-verify)$/],
  ["ssl", /^(true|false|0|1|no-verify)$/],
  ["sslnegotiation", /^(postgres|direct)$/],
  ["uselibpqcompat", /^(true|false)$/],
  ...["sslcert", "sslkey", "sslrootcert", "host", "port", "user", "password", "options"].map(
    (name) => [name, ANYTHING] as const,
  ),
  ...["application_name", "fallback_application_name"].map((name) => [name, ANYTHING] as const),
]);

const TIMEOUTS = "remove it, and set LOCK_TIMEOUT_MS and STATEMENT_TIMEOUT_MS";
const POOL_SIZE = "remove it, and set API_POOL_SIZE and WORKER_CONCURRENCY";

const CURES = new Map([
  [
    "schema",
    "remove it: the service's tables are in the schema bulk (pnpm migrate moves them there), and the declaration of " +
      "records names the schema of the records",
  ],
  ["connection_limit", POOL_SIZE],
  ["pool_timeout", POOL_SIZE],
  ["statement_timeout", TIMEOUTS],
  ["lock_timeout", TIMEOUTS],
  ["idle_in_transaction_session_timeout", TIMEOUTS],
  ["query_timeout", TIMEOUTS],
  ["socket_timeout", TIMEOUTS],
  ["pgbouncer", "remove it; the pooler needs max_prepared_statements (docs/operations.md)"],
  ["statement_cache_size", "remove it; the pooler needs max_prepared_statements (docs/operations.md)"],
  ["sslaccept", "write sslmode=verify-full, or sslmode=no-verify, instead"],
  ["client_encoding", "remove it; it is UTF8"],
]);
