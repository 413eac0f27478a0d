import type { Client } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { BenchEngines } from "./engines.ts";
import type { BenchShop } from "./shop.ts";

/** Longer than any measured action takes on a slow machine. */
const PATIENCE_MS = 600_000;

/** Milliseconds from sending the POST to the terminal status. */
export async function timeAction(
  engines: BenchEngines,
  client: Client,
  { token, actionType, recordIds }: BenchShop,
): Promise<number> {
  const startedAt = Date.now();
  const { id } = await client.submit(token, actionType, recordIds);
  return (await untilSettled(engines, id)) - startedAt;
}

/**
 * When the bulk action ended, in milliseconds since 1970: the database's clock, which is this machine's.
 * Asked of the database, since each answer of the API would carry all of its ids.
 */
export async function untilSettled({ database }: BenchEngines, id: string): Promise<number> {
  return await eventually(async () => {
    const { rows } = await database.query<{ status: string; finished_at: Date | null }>(
      "SELECT status, finished_at FROM bulk_actions WHERE id = $1",
      [id],
    );
    const finishedAt = rows[0]?.finished_at ?? undefined;
    if (finishedAt === undefined) throw new Error(`The bulk action is still ${rows[0]?.status}.`);
    if (rows[0]?.status !== "succeeded") throw new Error(`The bulk action ended ${rows[0]?.status}.`);
    return finishedAt.getTime();
  }, PATIENCE_MS);
}
