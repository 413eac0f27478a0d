import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as sendRequest } from "node:http";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { readMemory } from "../bench/process-usage.ts";
import { writeEndedAction } from "../support/ended-action.ts";
import { eventually } from "../support/eventually.ts";
import { openTestStack, type TestStack } from "../support/test-stack.ts";

const MOST_RECORDS = 1_000_000;

test("a million records reach a reader who pauses in the middle, each once, and never all in memory", {
  timeout: 120_000,
}, async () => {
  await using stack = await openTestStack("postgres");
  const { token, accountId } = await stack.fillShop({});
  const id = await writeEndedAction(stack.database, accountId, MOST_RECORDS);
  // What V8 takes for any long answer.
  const shorter = await writeEndedAction(stack.database, accountId, 300_000);
  for await (const _line of readLines(await open(stack, token, shorter)));
  const before = await readMemory(stack.api.pid);

  const answer = await open(stack, token, id);
  await once(answer, "readable");
  await eventually(() => expectIdle(stack), 30_000);
  const paused = await readMemory(stack.api.pid);
  let count = 0;
  let bytes = 0;
  for await (const line of readLines(answer)) {
    if (!line.includes(`"position":${count},`)) throw new Error(`Line ${count} is ${line}`);
    count += 1;
    bytes += line.length + 1;
  }
  const after = await readMemory(stack.api.pid);

  expect(count).toBe(MOST_RECORDS);
  expect(paused.megabytes - before.megabytes).toBeLessThan(60);
  expect(after.peakMegabytes - before.peakMegabytes).toBeLessThan(bytes / 1024 ** 2);
});

test("a reader who hangs up in the middle costs no further query, and is no error", async () => {
  await using stack = await openTestStack("postgres", { LOG_LEVEL: "info" });
  const { token, accountId } = await stack.fillShop({});
  const id = await writeEndedAction(stack.database, accountId, 200_000);
  const answer = await open(stack, token, id);
  await once(answer, "readable");
  await eventually(() => expectIdle(stack));
  const [clock] = await stack.database.query<{ now: Date }>("SELECT clock_timestamp() AS now");

  answer.destroy();

  await stack.api.says(/GET cut off/);
  await eventually(() => expectIdle(stack));
  const later = await stack.database.query(
    `SELECT query FROM pg_stat_activity
     WHERE datname = current_database() AND query LIKE '%bulk_action_chunks%' AND pid <> pg_backend_pid()
       AND query_start > $1`,
    [clock?.now],
  );
  expect(later).toEqual([]);
  expect(stack.api.output()).not.toMatch(/"level":(40|50|60)/);
  expect((await stack.request(token, `/v1/bulk_actions/${id}/records`)).status).toBe(200);
});

async function open(stack: TestStack, token: string, id: string): Promise<IncomingMessage> {
  const call = sendRequest(`${stack.url}/v1/bulk_actions/${id}/records`, {
    headers: { authorization: `Bearer ${token}`, accept: "application/x-ndjson" },
  });
  call.end();
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  return answer;
}

function readLines(answer: IncomingMessage): AsyncIterable<string> {
  return createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY });
}

/** Whether the API has asked the database nothing for half a second. */
async function expectIdle({ database }: TestStack): Promise<void> {
  const busy = await database.query(
    `SELECT query FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'bulk-actions-api'
       AND (state <> 'idle' OR state_change > clock_timestamp() - interval '500 milliseconds')`,
  );
  expect(busy).toEqual([]);
}
