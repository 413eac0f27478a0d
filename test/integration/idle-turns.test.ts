import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { queueEngine } from "@bulk/queue/engines/engine";
import { firstTurns, type NewTurn } from "@bulk/queue/turns/turn";
import { TURN_ENDINGS, type TurnEnding } from "@bulk/queue/turns/turn-ending";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import { startTurnWorker, type TakenTurn, type TurnReport } from "@bulk/queue/turns/turn-worker";
import { setThrottle } from "@bulk/store/operations/throttles";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const ENDINGS = Object.keys(TURN_ENDINGS) as readonly TurnEnding[];

test("of turns that wrote no outcome the queue keeps those that passed on, settled or failed", async () => {
  await using service = await openTestService();
  await using queue = openQueue(service);
  await using _worker = startWorker(service, async ({ lane }) => {
    const ending = ENDINGS[lane - 1];
    if (ending === undefined) throw new Error("no connection");
    return idle(ending);
  });

  await queue.addTurns(newTurns(ENDINGS.length + 1));

  await eventually(async () => {
    expect(await countJobs(queue)).toEqual({ completed: 2, failed: 1, open: 0 });
  });
  const kept = await queue.native.getCompleted();
  expect(kept.map(({ returnvalue }) => returnvalue.ending).sort()).toEqual(["passed_on", "settled"]);
});

test("a turn that ends before its predecessor leaves the queue with it", async () => {
  await using service = await openTestService();
  await using queue = openQueue(service);
  const second = Promise.withResolvers<void>();
  await using _worker = startWorker(service, async ({ turn, ...rest }) => {
    if (turn === 2) {
      second.resolve();
      return idle("throttled");
    }
    await queue.addTurns([{ ...rest, turn: 2, delayMs: 0 }]);
    await second.promise;
    await setTimeout(300);
    return idle("passed_on");
  });

  await queue.addTurns(newTurns(1));

  await eventually(async () => expect(await countJobs(queue)).toEqual({ completed: 1, failed: 0, open: 0 }));
  expect((await queue.native.getCompleted())[0]?.returnvalue).toMatchObject({ ending: "passed_on" });
});

test("a turn whose predecessor may run again stays in the queue, and runs once", async () => {
  await using service = await openTestService();
  await using queue = openQueue(service);
  const taken: number[] = [];
  await using _worker = startWorker(service, async ({ turn, ...rest }) => {
    taken.push(turn);
    if (turn === 2) return idle("throttled");
    await queue.addTurns([{ ...rest, turn: 2, delayMs: 0 }]);
    // As if the worker of the first turn had stalled.
    await eventually(async () => expect(await countJobs(queue)).toMatchObject({ completed: 1 }));
    throw new Error("no connection");
  });

  await queue.addTurns(newTurns(1));
  await eventually(async () => expect(await countJobs(queue)).toEqual({ completed: 1, failed: 1, open: 0 }));
  await queue.native.retryJobs({ state: "failed" });
  await eventually(() => expect(taken).toHaveLength(3));
  await eventually(async () => expect(await countJobs(queue)).toEqual({ completed: 1, failed: 1, open: 0 }));

  expect(taken).toEqual([1, 2, 1]);
});

test("a throttled bulk action leaves turns in the queue only if they wrote an outcome", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "1000", WINDOW: "4" });
  await using queue = openQueue(service);
  await using opened = openServiceDatabase(service.database.url);
  const { token } = await service.fillShop({});
  await setThrottle(opened.database, { actionType: "delete_products", recordsPerSecond: 2, setBy: "test" });
  await service.startWorker();
  const { id } = await service.submit(token, "delete_products", randomIds(4_000));

  await eventually(async () => {
    const { skipped_record_ids: skipped } = await service.retrieve(token, id);
    expect(skipped.length).toBeGreaterThanOrEqual(10);
  });

  const kept = await queue.native.getCompleted();
  const idle = kept.filter(({ returnvalue }) => returnvalue.skipped === 0);
  // One is allowed: its predecessor may have taken longer than 5 s to complete.
  expect(idle.slice(1).map(({ id, returnvalue }) => ({ id, ...returnvalue }))).toEqual([]);
});

function newTurns(lanes: number): readonly NewTurn[] {
  const start = { id: randomUUID(), actionType: "delete_products", generation: 1, enqueuedAt: new Date() };
  return firstTurns(start, lanes, lanes);
}

function idle(ending: TurnEnding): TurnReport {
  return { percent: undefined, recordCount: 0, summary: { ending } };
}

function startWorker(
  service: TestService,
  takeTurn: (turn: TakenTurn) => Promise<TurnReport>,
): AsyncDisposable {
  const engine = queueEngine({ DATABASE_URL: service.database.url, REDIS_URL: service.redis?.url });
  const worker = startTurnWorker({ engine, concurrency: 2, onError: () => undefined, takeTurn });
  return {
    async [Symbol.asyncDispose]() {
      await worker.stop(5_000);
    },
  };
}

function openQueue(service: TestService): TurnQueue & AsyncDisposable {
  const queue = openServiceQueue(service);
  return { ...queue, [Symbol.asyncDispose]: () => queue.close() };
}

async function countJobs({ native }: TurnQueue) {
  const open = ["waiting", "prioritized", "delayed", "active"] as const;
  const [completed, failed, ...others] = await Promise.all([
    native.getCompletedCount(),
    native.getFailedCount(),
    ...open.map((state) => native.getJobCountByTypes(state)),
  ]);
  return { completed, failed, open: others.reduce((sum, count) => sum + count, 0) };
}
