import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import type { ChaosClient, ClientRecord } from "./client.ts";
import type { Notes } from "./notes.ts";
import type { FinalAnswer } from "./recorded-run.ts";

/** Three times what the longest fault (a record locked for 20 s) can hold an action up. */
const LONGEST_REST_MS = 60_000;

/**
 * Waits until every action has ended; answers how long that took since the last fault. However slow the machine is,
 * an action may take its time while records get their outcomes; when none does for a minute, it is a violation.
 */
export async function drain(
  database: pg.Pool,
  lastFaultAt: number,
  interrupted: AbortSignal,
  { violations }: Notes,
): Promise<number | undefined> {
  let last = { seen: "", at: lastFaultAt };
  for (;;) {
    interrupted.throwIfAborted();
    const open = await readOpen(database);
    const now = performance.now();
    if (open.length === 0) return (now - lastFaultAt) / 1_000;
    const seen = open.map(({ id, done }) => `${id} ${done}`).join();
    if (seen !== last.seen) last = { seen, at: now };
    if (now - last.at > LONGEST_REST_MS) {
      const ids = open.map(({ id }) => id).slice(0, 10);
      violations.push(
        `Not drained, and no progress for ${LONGEST_REST_MS / 1_000} s: ${open.length} open, such as ${ids.join(", ")}.`,
      );
      return undefined;
    }
    await wait(200);
  }
}

type OpenAction = { readonly id: string; readonly done: number };

async function readOpen(database: pg.Pool): Promise<readonly OpenAction[]> {
  const { rows } = await database.query<OpenAction>(
    `SELECT id, sum(done_count)::int AS done
     FROM bulk.bulk_actions JOIN bulk.bulk_action_chunks ON bulk_action_id = id
     WHERE status NOT IN ('succeeded', 'completed', 'invalid') GROUP BY id ORDER BY id`,
  );
  return rows;
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
