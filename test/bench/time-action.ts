import type { Client } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { BenchEngines } from "./engines.ts";
import type { BenchShop } from "./shop.ts";

/** Longer than any measured action takes on a slow machine. */
const PATIENCE_MS = 600_000;

/** Milliseconds from sending the POST to the terminal status. */
export async function timeAction(engines: BenchEngines, client: Client, shop: BenchShop): Promise<number> {
  const { startedAt, id } = await submitTimed(client, shop);
  return (await untilDone(engines, id)) - startedAt;
}

/**
 * Submits all records of the shop. What a caller does besides, writing the body and reading the ids of the answer,
 * takes no time of whoever is measured, as the floor has its parameters ready before its clock starts.
 */
export async function submitTimed(
  client: Client,
  { token, actionType, recordIds }: BenchShop,
  options: { readonly restorable?: boolean } = {},
): Promise<{ readonly startedAt: number; readonly id: string }> {
  const body = JSON.stringify({
    bulk_action: { action_type: actionType, record_ids: recordIds, ...options },
  });
  const headers = { "content-type": "application/json" };
  const startedAt = Date.now();
  const response = await client.request(token, "/v1/bulk_actions", { method: "POST", headers, body });
  const answer = Buffer.from(await response.arrayBuffer());
  const [, id] = /"id":"([0-9a-f-]{36})"/.exec(answer.toString("utf8", 0, 1_000)) ?? [];
  if (id === undefined) throw new Error(`${response.status}: ${answer.toString("utf8", 0, 1_000)}`);
  return { startedAt, id };
}

/** When the bulk action ended, as `untilSettled` says it. Throws unless every record was deleted or skipped, some deleted. */
export async function untilDone(engines: BenchEngines, id: string): Promise<number> {
  const { status, endedAt } = await untilSettled(engines, id);
  const { rows } = await engines.database.query<{ isDone: boolean }>(
    `SELECT sum(done_count - failed_count) = sum(record_count) AS "isDone"
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1`,
    [id],
  );
  if (status === "invalid" || !rows[0]?.isDone) throw new Error(`The bulk action ended ${status}.`);
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
      "SELECT status, finished_at FROM bulk.bulk_actions WHERE id = $1",
      [id],
    );
    const [row] = rows;
    if (!row?.finished_at) throw new Error(`The bulk action is still ${row?.status}.`);
    return { status: row.status, endedAt: row.finished_at.getTime() };
  }, PATIENCE_MS);
}
