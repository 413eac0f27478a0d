import type { Client } from "pg";

/** Facts about a server. */
export type ServerFacts = {
  readonly version: string;
  /** Such as 18. */
  readonly majorVersion: number;
  /** A standby: it can only be read. */
  readonly isStandby: boolean;
};

/** Reads version and role of a server. */
export async function readServerFacts(connection: Client): Promise<ServerFacts> {
  const { rows } = await connection.query<ServerFacts>(`
    SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS "isStandby",
      current_setting('server_version_num')::int / 10000 AS "majorVersion"`);
  return only(rows);
}

/** Reads the server's clock, in milliseconds since 1970. */
export async function readServerClock(connection: Client): Promise<number> {
  const { rows } = await connection.query<{ ms: number }>(
    "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms",
  );
  return only(rows).ms;
}

/** What limits connections: the server, this database, or this user. */
export type ConnectionLimit = {
  readonly of: "server" | "database" | "user";
  readonly limit: number;
  /** How many of them other programs have. */
  readonly others: number;
};

/**
 * Returns what limits the connections of this user to this database: the server, and the database and the user if they
 * have a limit.
 *
 * @param ours application names of connections that are ours, beside those that start with `bulk-actions`
 */
export async function readConnectionLimits(
  connection: Client,
  ours: readonly string[],
): Promise<readonly ConnectionLimit[]> {
  const { rows } = await connection.query<ConnectionLimit>(
    `
    WITH others AS (
      SELECT datname, usename FROM pg_stat_activity
      WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
        AND coalesce(application_name, '') NOT LIKE 'bulk-actions%'
        AND application_name <> ALL ($1))
    SELECT 'server' AS of,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) AS "limit",
      (SELECT count(*)::int FROM others) AS others
    UNION ALL
    SELECT 'database', datconnlimit, (SELECT count(*)::int FROM others WHERE others.datname = pg_database.datname)
    FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0
    UNION ALL
    SELECT 'user', rolconnlimit, (SELECT count(*)::int FROM others WHERE usename = rolname)
    FROM pg_roles WHERE rolname = current_user AND rolconnlimit >= 0`,
    [ours],
  );
  return rows;
}

/** A setting of a session, and its source: `default`, `configuration file`, `database`, `user`, … */
export type Setting = { readonly name: string; readonly value: string; readonly source: string };

/** Reads these settings as a plain session has them. Settings unknown to the server are left out. */
export async function readSettings(
  connection: Client,
  names: readonly string[],
): Promise<readonly Setting[]> {
  const { rows } = await connection.query<Setting>(
    "SELECT name, setting AS value, source FROM pg_settings WHERE name = ANY ($1)",
    [names],
  );
  return rows;
}

function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error("The server returned no row.");
  return row;
}
