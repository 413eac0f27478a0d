import { type Bench, type Flight, launch, look, proceed } from "./bench.ts";
import { departSweep, departTurn } from "./departures.ts";
import type { QueuedTurn } from "./fifo-queue.ts";
import { isTerminal, type Sighting } from "./model.ts";
import { passTime } from "./pass-time.ts";
import { resumeAll } from "./pausing.ts";
import { letShopperLeave } from "./shopping.ts";
import { Violation } from "./violation.ts";

/** Rounds in which every bulk action must have ended: more than the attempts a chunk has. */
const ROUNDS = 20;

/** Ends all faults and lets the service come to its end; then nothing may be left to do. */
export async function recover(bench: Bench): Promise<void> {
  bench.story.push("from here on nothing goes wrong any more");
  await comeToRest(bench);
  await resumeAll(bench);
  await repeatOldTurns(bench);
  for (let round = 0; !hasEnded(bench); round++) {
    if (round === ROUNDS) throw new Violation("a bulk action does not end");
    await passTime(bench);
    await drain(bench);
    if (!hasEnded(bench)) await run(bench, departSweep(bench));
  }
  await repeatLastTurns(bench);
  const isStubborn = bench.engine.shopper.open() !== undefined;
  if (isStubborn) await letShopperLeave(bench, "ROLLBACK");
}

async function comeToRest(bench: Bench): Promise<void> {
  const { locking, isShopperStubborn } = bench.scenario;
  // A patient statement would wait for a stubborn shopper for ever.
  if (!isShopperStubborn || locking === "patient") await letShopperLeave(bench, "ROLLBACK");
  for (;;) {
    const [flight] = bench.flights.filter((one) => one.intention() !== undefined);
    if (flight === undefined) break;
    await proceed(bench, flight);
  }
  if (bench.flights.length > 0) throw new Violation("processes wait for each other");
}

function hasEnded(bench: Bench): boolean {
  return bench.model.actions.every(isTerminal);
}

async function drain(bench: Bench): Promise<void> {
  for (let turn = bench.queue.take(); turn !== undefined; turn = bench.queue.take()) {
    bench.taken.push(turn);
    await run(bench, departTurn(bench, turn));
  }
}

async function run(bench: Bench, flight: Flight): Promise<void> {
  await launch(bench, flight);
  await proceed(bench, flight);
}

/** A turn of an old generation gives no record an outcome and adds nothing to the queue. */
async function repeatOldTurns(bench: Bench): Promise<void> {
  for (const { id, generation } of bench.model.actions) {
    const old = [...bench.taken, ...bench.queue.all()].find(
      (turn) => turn.bulkActionId === id && turn.generation < generation,
    );
    if (old !== undefined) await expectNoEffect(bench, old, outcomesOf);
  }
}

/** A turn that is given out again after the end changes nothing at all. */
async function repeatLastTurns(bench: Bench): Promise<void> {
  for (const { id } of bench.model.actions) {
    const last = bench.taken.findLast((turn) => turn.bulkActionId === id);
    if (last !== undefined) await expectNoEffect(bench, last, everything);
  }
}

async function expectNoEffect(
  bench: Bench,
  turn: QueuedTurn,
  aspect: (sighting: Sighting) => unknown,
): Promise<void> {
  const before = await look(bench);
  const queued = bench.queue.all().length;
  const flight = departTurn(bench, { ...turn, isTwin: true });
  await run(bench, flight);
  const after = await look(bench);
  const isSame = JSON.stringify(aspect(before)) === JSON.stringify(aspect(after));
  if (!isSame || queued !== bench.queue.all().length) {
    throw new Violation(`${flight.name} changed something, and should find nothing to do`);
  }
}

function outcomesOf({ present, actions }: Sighting) {
  return [present, actions.map(({ id, generation, outcomes }) => [id, generation, outcomes])];
}

function everything(sighting: Sighting) {
  return sighting;
}
