import pg from "pg";

/** The databases of a comparison, on one server. */
export type Databases = {
  urlOf(name: string): string;
  /** Creates a database anew, empty or as a copy. */
  recreate(name: string, template?: string): Promise<void>;
  query<Found extends pg.QueryResultRow>(name: string, text: string): Promise<readonly Found[]>;
};

/** Opens the server at a superuser's URL. Each query has a connection of its own, so that databases can be copied. */
export function openDatabases(serverUrl: string): Databases {
  function urlOf(name: string): string {
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    return url.href;
  }
  async function query<Found extends pg.QueryResultRow>(name: string, text: string) {
    const client = new pg.Client({ connectionString: urlOf(name) });
    await client.connect();
    try {
      return (await client.query<Found>(text)).rows;
    } finally {
      await client.end();
    }
  }
  return {
    urlOf,
    query,
    async recreate(name, template = "template0") {
      await query("postgres", `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await query("postgres", `CREATE DATABASE ${name} TEMPLATE ${template}`);
    },
  };
}
