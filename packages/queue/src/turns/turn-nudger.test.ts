import { expect, test } from "vitest";
import { firstTurns, type NewTurn } from "./turn.ts";
import { createTurnNudger } from "./turn-nudger.ts";

test("turns that come while others are on their way are added together after them, in order", async () => {
  const { added, queue, answer } = controlledQueue();
  const nudger = createTurnNudger(queue, () => undefined);

  nudger.nudge(turnsOf("a"));
  nudger.nudge(turnsOf("b"));
  nudger.nudge(turnsOf("c"));
  expect(added).toEqual([["a"]]);
  answer();
  await nudger.settled();

  expect(added).toEqual([["a"], ["b", "c"]]);
});

test("turns that come just after others are added together too", async () => {
  const { added, queue, answer } = controlledQueue();
  const nudger = createTurnNudger(queue, () => undefined);
  nudger.nudge(turnsOf("a"));
  answer();
  // The call is over, and no timer has run.
  for (let step = 0; step < 10; step++) await Promise.resolve();

  nudger.nudge(turnsOf("b"));
  nudger.nudge(turnsOf("c"));
  for (let step = 0; step < 10; step++) await Promise.resolve();
  expect(added).toEqual([["a"]]);
  await nudger.settled();

  expect(added).toEqual([["a"], ["b", "c"]]);
});

test("turns the queue does not take are reported, and the next ones are added all the same", async () => {
  const { added, queue, refuse } = controlledQueue();
  const lost: (readonly string[])[] = [];
  const nudger = createTurnNudger(queue, (_error, turns) =>
    lost.push(turns.map((turn) => turn.bulkActionId)),
  );

  nudger.nudge(turnsOf("a"));
  nudger.nudge(turnsOf("b"));
  refuse();
  await nudger.settled();
  nudger.nudge(turnsOf("c"));
  await nudger.settled();

  expect(lost).toEqual([["a"]]);
  expect(added).toEqual([["a"], ["b"], ["c"]]);
});

function turnsOf(id: string): readonly NewTurn[] {
  return firstTurns({ id, actionType: "delete_products", generation: 1, enqueuedAt: new Date(0) }, 1, 1);
}

/** Holds its first answer back until it is told. */
function controlledQueue() {
  const added: (readonly string[])[] = [];
  const first = Promise.withResolvers<void>();
  async function addTurns(turns: readonly NewTurn[]): Promise<void> {
    added.push(turns.map((turn) => turn.bulkActionId));
    if (added.length === 1) await first.promise;
  }
  return { added, queue: { addTurns }, answer: first.resolve, refuse: () => first.reject(new Error("away")) };
}
