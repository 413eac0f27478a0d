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
  return (await untilSucceeded(engines, id)) - startedAt;
}

/** When the bulk action ended, as `untilSettled` says it; throws when it ended in another way. */
export async function untilSucceeded(engines: BenchEngines, id: string): Promise<number> {
  const { status, endedAt } = await untilSettled(engines, id);
  if (status !== "succeeded") throw new Error(`The bulk action ended ${status}.`);
  return endedAt;
}

/**
 * How the bulk action ended, and when, in milliseconds since 1970: the database's clock, which is this
 * machine's. Asked of the database, since each answer of the API would carry all of its ids.
 */
export async function untilSettled(
  { database }: BenchEngines,
  id: string,
): Promise<{ readonly status: string; readonly endedAt: number }> {
  return await eventually(async () => {
    const { rows } = await database.query<{ status: string; finished_at: Date | null }>(
      "SELECT status, finished_at FROM bulk_actions WHERE id = $1",
      [id],
    );
    const [row] = rows;
    if (!row?.finished_at) throw new Error(`The bulk action is still ${row?.status}.`);
    return { status: row.status, endedAt: row.finished_at.getTime() };
  }, PATIENCE_MS);
}
