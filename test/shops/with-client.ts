import pg from "pg";

/** Does something on a connection of its own, which prints moments in UTC. */
export async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET timezone = 'UTC'; SET datestyle = 'ISO'");
    return await work(client);
  } finally {
    await client.end();
  }
}
