import { isOpening } from "@bulk/queue/turns/turn";
import {
  type Bench,
  clearBench,
  type Flight,
  kill,
  launch,
  proceed,
  setUpBench,
  tellStory,
} from "./bench.ts";
import { departCancel, departCreate, departSettle, departSweep, departTurn, nameTurn } from "./departures.ts";
import type { Engine } from "./engine.ts";
import type { QueuedTurn } from "./fifo-queue.ts";
import type { Variant } from "./gated-database.ts";
import { isTerminal, withCancel, withRequest } from "./model.ts";
import { passTime } from "./pass-time.ts";
import { pauseOrResume } from "./pausing.ts";
import { recover } from "./recover.ts";
import type { Pace, Scenario, Step } from "./scenario.ts";
import { letShopperCome, letShopperLeave } from "./shopping.ts";
import { Violation } from "./violation.ts";

/** Most processes that may be under way at once. */
const FLIGHTS = 3;
/** Most bulk actions of one run. */
const ACTIONS = 2;

/**
 * Plays a scenario, lets the service recover and compares it with the model all the way. Throws a
 * `Violation` that tells the story.
 */
export async function runScenario(engine: Engine, scenario: Scenario, variant: Variant): Promise<void> {
  const bench = await setUpBench(engine, scenario, variant);
  try {
    for (const [at, step] of scenario.steps.entries()) {
      await pauseOrResume(bench, at);
      await play(bench, step);
    }
    await recover(bench);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Violation(`${message}\n\n${tellStory(bench)}`, { cause: error });
  } finally {
    await clearBench(bench);
  }
}

async function play(bench: Bench, step: Step): Promise<void> {
  switch (step.kind) {
    case "create":
      return await create(bench, step.records, step.pace);
    case "take":
      return await take(bench, step.pace);
    case "sweep":
      return await depart(bench, step.pace, () => departSweep(bench));
    case "settle":
      return await settleAction(bench, step.action, step.pace);
    case "cancel":
      return await cancelAction(bench, step.action, step.pace);
    case "advance":
      return await advance(bench, step.process, step.gates);
    case "crash":
      return await crash(bench, step.process, step.verdict);
    case "lose_queue":
      return loseQueue(bench);
    case "give_out_again":
      return await giveOutAgain(bench, step.turn);
    case "time_passes":
      return await passTime(bench);
    case "shopper_comes":
      return await letShopperCome(bench, step);
    case "shopper_leaves":
      return await letShopperLeave(bench, step.how);
  }
}

async function depart(bench: Bench, pace: Pace, start: () => Flight): Promise<void> {
  if (bench.flights.length >= FLIGHTS) return;
  const flight = start();
  await launch(bench, flight);
  if (pace === "at_once") await proceed(bench, flight);
}

async function create(bench: Bench, numbers: readonly number[], pace: Pace): Promise<void> {
  if (bench.model.requests.length >= ACTIONS || bench.flights.length >= FLIGHTS) return;
  const records = [...new Set(numbers.map((number) => number % bench.scenario.kinds.length))];
  bench.model = withRequest(bench.model, records);
  await depart(bench, pace, () => departCreate(bench, records));
}

async function take(bench: Bench, pace: Pace): Promise<void> {
  if (bench.flights.length >= FLIGHTS) return;
  const turn = bench.queue.take();
  if (turn === undefined) return;
  noteTaken(bench, turn);
  await depart(bench, pace, () => departTurn(bench, turn));
}

function noteTaken(bench: Bench, turn: QueuedTurn): void {
  bench.taken.push(turn);
  const isNewer = bench.lastTaken === undefined || turn.enqueuedAt > bench.lastTaken;
  if (isNewer && !isOpening(turn) && turn.delayMs === 0) bench.lastTaken = turn.enqueuedAt;
}

async function settleAction(bench: Bench, number: number, pace: Pace): Promise<void> {
  const found = pick([...bench.model.actions.entries()], number);
  if (found !== undefined) await depart(bench, pace, () => departSettle(bench, found[0], found[1].id));
}

async function cancelAction(bench: Bench, number: number, pace: Pace): Promise<void> {
  const found = pick([...bench.model.actions.entries()], number);
  if (found === undefined || bench.flights.length >= FLIGHTS) return;
  const [at, { id }] = found;
  const isAlone = bench.flights.length === 0 && pace === "at_once";
  bench.model = withCancel(bench.model, id);
  await depart(bench, pace, () => departCancel(bench, at, id));
  const [action] = bench.model.actions.filter((one) => one.id === id);
  if (isAlone && action !== undefined && !isTerminal(action)) {
    throw new Violation(`action ${at + 1} is canceled, nobody works on it, and it is still open`);
  }
}

async function advance(bench: Bench, number: number, gates: number): Promise<void> {
  const flight = pick(bench.flights, number);
  if (flight !== undefined) await proceed(bench, flight, gates);
}

async function crash(bench: Bench, number: number, verdict: "die" | "do_and_die"): Promise<void> {
  const flight = pick(bench.flights, number);
  if (flight !== undefined && !flight.isDead()) await kill(bench, flight, verdict);
}

function loseQueue(bench: Bench): void {
  const lost = bench.queue.all();
  if (lost.length === 0) return;
  bench.story.push(`the queue loses everything: ${lost.map((turn) => nameTurn(bench, turn)).join("; ")}`);
  bench.queue.lose();
}

/** As BullMQ does with a job whose worker no longer says that it is alive, even if it is. */
async function giveOutAgain(bench: Bench, number: number): Promise<void> {
  const turn = pick(bench.taken, number);
  if (turn === undefined || bench.flights.length >= FLIGHTS) return;
  bench.story.push(`the queue gives out again: ${nameTurn(bench, turn)}`);
  for (const { lane } of bench.flights) if (lane?.turn === turn) lane.lost.abort();
  await depart(bench, "by_gates", () => departTurn(bench, { ...turn, isTwin: true }));
}

function pick<Item>(items: readonly Item[], number: number): Item | undefined {
  return items[number % items.length];
}
