import pg from "pg";
import { readSchema } from "./connection-url.ts";
import { PINNED_SETTINGS, pinningStatement } from "./pinned-settings.ts";
import { tellFailures } from "./tell-failures.ts";

export type ConnectionOptions = {
  /** PostgreSQL connection URL. */
  readonly url: string;
  /** Seen in pg_stat_activity: which process a connection belongs to. */
  readonly applicationName: string;
  /** Asked for when connecting, so that a transaction pooler may drop them; without them, those of the role. */
  readonly timeouts?: { readonly lockMs: number; readonly statementMs: number };
  /** How long this side waits for an answer; without it, for ever. */
  readonly queryTimeoutMs?: number;
  /** The schema that names are looked up in, and no other; without it, that of the URL and then those of the role. */
  readonly onlySchema?: string;
  /** Further settings of the session. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** A client that `connectClient` has to connect, with the same options. */
export function createClient(options: ConnectionOptions): pg.Client {
  return new pg.Client(toConfig(options));
}

/** Connects, and gives the session the settings every one of ours has. Throws what the server says; then it has ended. */
export async function connectClient(client: pg.Client, options: ConnectionOptions): Promise<void> {
  await client.connect();
  await prepareSession(client, options).catch(async (error: unknown) => {
    await client.end();
    throw error;
  });
}

/** A pool that connects on first use; each of its connections has the settings of `connectClient`. */
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

// node-postgres lets a URL's `options` win over those of its configuration, and does not know `schema`.
function splitUrl(url: string): { readonly connectionString: string; readonly options: string } {
  const parsed = new URL(url);
  const options = parsed.searchParams.get("options") ?? process.env["PGOPTIONS"] ?? "";
  parsed.searchParams.delete("options");
  parsed.searchParams.delete("schema");
  return { connectionString: parsed.href, options };
}

/*
 * After connecting, not as parameters of the connection: an unknown one would end it, poolers refuse most of them, and
 * what role and `options` say would go before. One round trip for each connection.
 */
async function prepareSession(
  client: pg.ClientBase,
  { url, onlySchema, settings }: ConnectionOptions,
): Promise<void> {
  const schema = onlySchema === undefined ? readSchema(url) : undefined;
  await client.query(pinningStatement({ ...PINNED_SETTINGS, ...settings }, schema));
}
