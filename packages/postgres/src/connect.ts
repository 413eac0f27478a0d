import pg from "pg";
import { PINNED_SETTINGS, pinningStatement } from "./pinned-settings.ts";
import { tellFailures } from "./tell-failures.ts";

export type ConnectionOptions = {
  /** PostgreSQL connection URL. */
  readonly url: string;
  /** The process, as pg_stat_activity shows it. */
  readonly applicationName: string;
  /** Sent as startup parameters, which a transaction pooler may drop. Default: those of the role. */
  readonly timeouts?: { readonly lockMs: number; readonly statementMs: number };
  /** How long the client waits for a response. Default: no limit. */
  readonly queryTimeoutMs?: number;
  /** The only schema of the search path. Default: the role's search path. */
  readonly onlySchema?: string;
  /** Further settings of the session. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** Creates a client; connect it by `connectClient` with the same options. */
export function createClient(options: ConnectionOptions): pg.Client {
  return new pg.Client(toConfig(options));
}

/** Connects, and pins the settings of the session. On an error of the server, ends the client and throws the error. */
export async function connectClient(client: pg.Client, options: ConnectionOptions): Promise<void> {
  await client.connect();
  await prepareSession(client, options).catch(async (error: unknown) => {
    await client.end();
    throw error;
  });
}

/** Opens a pool that connects on first use and pins the settings of each session. */
export function openPool({ size, ...options }: ConnectionOptions & { readonly size: number }): pg.Pool {
  const pool = new pg.Pool({
    ...toConfig(options),
    max: size,
    onConnect: (client) => prepareSession(client, options),
  });
  tellFailures(pool);
  return pool;
}

function toConfig({ url, applicationName, timeouts, queryTimeoutMs, onlySchema }: ConnectionOptions) {
  const { connectionString, options } = splitUrl(url);
  return {
    connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    ...(queryTimeoutMs !== undefined && { query_timeout: queryTimeoutMs }),
    ...(timeouts !== undefined && {
      lock_timeout: timeouts.lockMs,
      statement_timeout: timeouts.statementMs,
      idle_in_transaction_session_timeout: timeouts.statementMs,
    }),
    options: [options, ...(onlySchema === undefined ? [] : [`-c search_path=${onlySchema}`])]
      .join(" ")
      .trim(),
  };
}

// In node-postgres, `options` of the URL override those of the configuration.
function splitUrl(url: string): { readonly connectionString: string; readonly options: string } {
  const parsed = new URL(url);
  const options = parsed.searchParams.get("options") ?? process.env["PGOPTIONS"] ?? "";
  parsed.searchParams.delete("options");
  return { connectionString: parsed.href, options };
}

/*
 * After connecting, not as startup parameters: an unknown one ends the connection, poolers refuse most of them, and those of
 * the role and `options` would take precedence. Costs one round trip per connection.
 */
async function prepareSession(client: pg.ClientBase, { settings }: ConnectionOptions): Promise<void> {
  await client.query(pinningStatement({ ...PINNED_SETTINGS, ...settings }));
}
