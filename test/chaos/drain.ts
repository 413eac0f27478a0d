import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import type { ChaosClient, ClientRecord } from "./client.ts";
import type { Notes } from "./notes.ts";
import type { FinalAnswer } from "./recorded-run.ts";

/** Three times what the longest fault (a record locked for 20 s) can hold an action up. */
const DRAIN_LIMIT_MS = 60_000;

/** Waits until every action has ended; answers how long that took since the last fault. */
export async function drain(
  database: pg.Pool,
  lastFaultAt: number,
  interrupted: AbortSignal,
  { violations }: Notes,
): Promise<number | undefined> {
  for (;;) {
    interrupted.throwIfAborted();
    const { rows } = await database.query<{ id: string }>(
      "SELECT id FROM bulk_actions WHERE status NOT IN ('succeeded', 'completed', 'invalid')",
    );
    if (rows.length === 0) return (performance.now() - lastFaultAt) / 1_000;
    if (performance.now() - lastFaultAt > DRAIN_LIMIT_MS) {
      const ids = rows.map(({ id }) => id).slice(0, 10);
      violations.push(
        `Not drained after ${DRAIN_LIMIT_MS / 1_000} s: ${rows.length} open, such as ${ids.join(", ")}.`,
      );
      return undefined;
    }
    await wait(200);
  }
}

const LARGEST_ANSWER = 100_000;

/** Everything that was accepted, as the list shows it now. */
export async function readFinalAnswers(
  client: ChaosClient,
  { record, violations }: Notes,
): Promise<readonly FinalAnswer[]> {
  const answers: FinalAnswer[] = [];
  for (const [accountId, actions] of Map.groupBy(record.accepted, (action) => action.accountId)) {
    for (const ids of groupForList(actions)) {
      const answer = await client.list(accountId, ids);
      if (answer === undefined) violations.push("The list gave no answer although everything is healthy.");
      answers.push(...(answer ?? []));
    }
  }
  return answers;
}

function groupForList(actions: ClientRecord["accepted"]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const { id, recordIds } of actions) {
    const group = groups.at(-1);
    size += recordIds.length;
    if (group !== undefined && group.length < 100 && size <= LARGEST_ANSWER) {
      group.push(id);
    } else {
      groups.push([id]);
      size = recordIds.length;
    }
  }
  return groups;
}
