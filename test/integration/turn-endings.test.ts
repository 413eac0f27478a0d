import { randomUUID } from "node:crypto";
import { queueEngine } from "@bulk/queue/engines/engine";
import { TURN_ENDINGS, type TurnEnding } from "@bulk/queue/turns/turn-ending";
import { startTurnWorker, type TakenTurn } from "@bulk/queue/turns/turn-worker";
import { describeTurnFailure } from "@bulk/worker/turns/turn-failure";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BoardJob, type Dashboard, signIn, writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const ENDINGS = Object.keys(TURN_ENDINGS) as readonly TurnEnding[];

let service: TestService;
let ben: Dashboard;

beforeAll(async () => {
  service = await openTestService({ DASHBOARD_USERS: (await writeUsers()).join() });
  ben = await signIn(service.opsUrl, "ben");
});

afterAll(() => service[Symbol.asyncDispose]());

test("the dashboard explains every ending of a turn, and calls no other one known", async () => {
  // As a newer worker, and somebody who writes to the queue, may have it.
  const unknown = ["from_tomorrow", "constructor"] as readonly string[] as readonly TurnEnding[];
  const endings = [...ENDINGS, ...unknown];
  await takeTurns(endings.length, async ({ lane }) => {
    const ending = endings[lane - 1];
    if (ending === undefined) throw new Error("There is no such lane.");
    return { percent: undefined, recordCount: lane, summary: { ending, deleted: lane } };
  });

  const jobs = await jobsInState("completed", endings.length);
  expect(
    Object.fromEntries(jobs.map(({ returnValue }) => [returnValue["ending"], returnValue["meaning"]])),
  ).toEqual({
    ...TURN_ENDINGS,
    from_tomorrow: "from a newer version",
    constructor: "from a newer version",
  });
  expect(jobs.find(({ returnValue }) => returnValue["ending"] === "throttled")).toMatchObject({
    returnValue: { deleted: ENDINGS.indexOf("throttled") + 1 },
  });
});

test("the dashboard says of a failed turn why it failed and what becomes of it, and shows no ending", async () => {
  await takeTurns(1, () => Promise.reject(describeTurnFailure(new Error("no redis://me:secret@host here"))));

  const [job] = await jobsInState("failed", 1);
  expect(job?.failedReason).toBe("no redis://…@host here Nothing is lost: the sweeper restarts the lanes.");
  expect(job?.stacktrace.join()).not.toContain("secret");
  expect(job?.returnValue ?? {}).not.toHaveProperty("ending");
});

async function takeTurns(
  lanes: number,
  takeTurn: Parameters<typeof startTurnWorker>[0]["takeTurn"],
): Promise<void> {
  const engine = queueEngine({ DATABASE_URL: service.database.url, REDIS_URL: service.redis?.url });
  const queue = openServiceQueue(service);
  const taken: TakenTurn[] = [];
  const worker = startTurnWorker({
    ...{ engine, concurrency: 1, onError: () => undefined },
    async takeTurn(turn) {
      taken.push(turn);
      return await takeTurn(turn);
    },
  });
  try {
    const first = { bulkActionId: randomUUID(), generation: 1, turn: 1, actionType: "delete_products" };
    const turns = Array.from({ length: lanes }, (_, index) => ({ ...first, lane: index + 1 }));
    await queue.addTurns(turns.map((turn) => ({ ...turn, enqueuedAt: new Date(), delayMs: 0 })));
    await eventually(async () => expect(taken).toHaveLength(lanes));
  } finally {
    await worker.stop(5_000);
    await queue.close();
  }
}

async function jobsInState(state: string, count: number): Promise<readonly BoardJob[]> {
  return await eventually(async () => {
    const jobs = await ben.jobs(state);
    expect(jobs).toHaveLength(count);
    return jobs;
  });
}
