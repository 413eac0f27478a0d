import type { Client } from "pg";

/** What a server says of itself. */
export type ServerFacts = {
  readonly version: string;
  /** Such as 18. */
  readonly majorVersion: number;
  /** A standby: it can only be read. */
  readonly isStandby: boolean;
};

/** Asks a server what it is. */
export async function readServerFacts(connection: Client): Promise<ServerFacts> {
  const { rows } = await connection.query<ServerFacts>(`
    SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS "isStandby",
      current_setting('server_version_num')::int / 10000 AS "majorVersion"`);
  return only(rows);
}

/** Milliseconds since 1970 by the server's clock. */
export async function readServerClock(connection: Client): Promise<number> {
  const { rows } = await connection.query<{ ms: number }>(
    "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms",
  );
  return only(rows).ms;
}

/** How many connections this user may have to this database, and how many of them others have taken. */
export type ConnectionRoom = { readonly limit: number; readonly others: number };

/** The least of the limits of server, database and user; connections of our own processes are not counted. */
export async function readConnectionRoom(connection: Client): Promise<ConnectionRoom> {
  const { rows } = await connection.query<ConnectionRoom>(`
    SELECT least(
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true)::int, 0),
        (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
        (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)) AS "limit",
      (SELECT count(*)::int FROM pg_stat_activity
       WHERE datid IS NOT NULL AND coalesce(application_name, '') NOT LIKE 'bulk-actions%') AS others`);
  return only(rows);
}

/** One setting of a session, and who has set it: `default`, `configuration file`, `database`, `user`, … */
export type Setting = { readonly name: string; readonly value: string; readonly source: string };

/** These settings, as a session has them that asks for nothing; those the server does not know are left out. */
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
