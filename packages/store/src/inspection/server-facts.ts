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

/** How many connections this user may open to this database, and how many other programs have. */
export type ConnectionRoom = { readonly limit: number; readonly others: number };

/**
 * Returns the least of the limits of server, database and user, and how many connections other programs have.
 *
 * @param ours application names of connections that are ours, beside those that start with `bulk-actions`
 */
export async function readConnectionRoom(
  connection: Client,
  ours: readonly string[],
): Promise<ConnectionRoom> {
  const { rows } = await connection.query<ConnectionRoom>(
    `
    SELECT least(
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true)::int, 0),
        (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
        (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)) AS "limit",
      (SELECT count(*)::int FROM pg_stat_activity
       WHERE datid IS NOT NULL AND coalesce(application_name, '') NOT LIKE 'bulk-actions%'
         AND application_name <> ALL ($1)) AS others`,
    [ours],
  );
  return only(rows);
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
