import { findSqlstate } from "@bulk/store/sqlstate";
import { type Engine, settleDown } from "./engine.ts";
import { createFifoQueue, type FifoQueue, type QueuedTurn } from "./fifo-queue.ts";
import type { Variant } from "./gated-database.ts";
import { createModel, type Model, nameRecord, observe, type Sighting } from "./model.ts";
import type { Process, Verdict } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import { fillShop, type Shop } from "./shop.ts";
import { sight } from "./sighting.ts";
import { Violation } from "./violation.ts";

/** One run: the service under test, the model beside it, and the story so far. */
export type Bench = {
  readonly engine: Engine;
  readonly scenario: Scenario;
  readonly variant: Variant;
  readonly shop: Shop;
  readonly queue: FifoQueue;
  readonly story: string[];
  /** Every turn that was ever taken from the queue. */
  readonly taken: QueuedTurn[];
  /** Bulk actions whose cancel was answered, with the processes that were at work at that moment. */
  readonly canceled: Map<string, readonly Flight[]>;
  /** Records whose order no foreign key enforces, with the processes that were at work when it came. */
  readonly overlooking: Map<number, readonly Flight[]>;
  /** While everything is paused: the processes that were under way when the pause began. */
  pausedBeside: readonly Flight[] | undefined;
  model: Model;
  flights: readonly Flight[];
  lastTaken: Date | undefined;
};

/** A process that has not ended. */
export type Flight = Process & {
  /** The turn it takes, if it takes one. */
  readonly lane?: {
    readonly turn: QueuedTurn;
    readonly lost: AbortController;
    /** Whether the lane goes on in the queue. */
    hasPassedOn(): boolean;
  };
};

export async function setUpBench(engine: Engine, scenario: Scenario, variant: Variant): Promise<Bench> {
  return {
    ...{ engine, scenario, variant },
    shop: await fillShop(engine.database, engine.host, engine.nextRun(), scenario.kinds),
    queue: createFifoQueue(),
    story: [],
    taken: [],
    canceled: new Map(),
    overlooking: new Map(),
    pausedBeside: undefined,
    model: createModel(scenario.kinds),
    flights: [],
    lastTaken: undefined,
  };
}

/** Lets go of every lock and every process, and leaves no bulk action for the next run's sweeper. */
export async function clearBench(bench: Bench): Promise<void> {
  const { database, shopper } = bench.engine;
  if (shopper.open() !== undefined) await shopper.leave("ROLLBACK");
  while (bench.flights.length > 0) {
    for (const flight of bench.flights) flight.release("die");
    await Promise.all(bench.flights.map((flight) => flight.arrived()));
    bench.flights = bench.flights.filter((flight) => !flight.hasEnded());
  }
  await database.query("DELETE FROM bulk.pauses");
  await database.query("DELETE FROM bulk.bulk_actions");
}

/** More than the longest turn at the largest shop passes. */
const GATES = 2_000;

/** Puts a process on its way to its first gate. */
export async function launch(bench: Bench, flight: Flight): Promise<void> {
  bench.flights = [...bench.flights, flight];
  await flight.arrived();
  land(bench);
}

/** Lets a process do this many things, unless a lock stops it, and checks what came of it. */
export async function proceed(bench: Bench, flight: Flight, gates = GATES): Promise<void> {
  for (let gate = 0; gate < gates && flight.intention() !== undefined; gate++) {
    if (gate === GATES - 1) throw new Violation(`${flight.name} does not end`);
    await move(bench, flight, "go_on");
  }
  await look(bench);
}

/** Kills a process, and checks what came of it. */
export async function kill(bench: Bench, flight: Flight, verdict: "die" | "do_and_die"): Promise<void> {
  if (flight.intention() !== undefined) {
    await move(bench, flight, verdict);
    await look(bench);
  } else {
    bench.story.push(`${flight.name}: dies while it waits for a lock, and its statement does not`);
    flight.kill();
  }
}

async function move(bench: Bench, flight: Flight, verdict: Verdict): Promise<void> {
  bench.story.push(`${flight.name}: ${tell(verdict, flight.intention())}`);
  flight.release(verdict);
  await quieten(bench);
  if (isUnderWay(flight)) bench.story.push(`${flight.name}: waits for a lock`);
}

/** Waits until nothing moves by itself any more. */
export async function quieten(bench: Bench): Promise<void> {
  const findRunning = () => bench.flights.filter(isUnderWay);
  if (bench.scenario.locking === "patient") await settleDown(bench.engine.database, findRunning);
  else await Promise.all(findRunning().map((flight) => flight.arrived()));
  land(bench);
}

function isUnderWay(flight: Flight): boolean {
  return flight.intention() === undefined && !flight.hasEnded();
}

// In the middle of a statement, or with a chunk's outcomes written and not yet committed.
export function isAtWork(flight: Flight): boolean {
  return isUnderWay(flight) || WITH_OUTCOMES.has(flight.intention() ?? "");
}

const WITH_OUTCOMES: ReadonlySet<string> = new Set([
  "check what was put off",
  "look again at what was left over",
  "commit",
]);

function tell(verdict: Verdict, intention: string | undefined): string {
  switch (verdict) {
    case "go_on":
      return `${intention}`;
    case "die":
      return `dies before it can ${intention}`;
    case "do_and_die":
      return `${intention}, and dies before the answer arrives`;
  }
}

/** Compares the service with the model. Throws a `Violation`. */
export async function look(bench: Bench): Promise<Sighting> {
  const sighting = await sight(bench.engine, bench.shop.recordIds);
  const halted = [...bench.canceled].flatMap(([id, flights]) => (flights.length === 0 ? [id] : []));
  const overlooked = [...bench.overlooking].flatMap(([index, flights]) =>
    flights.length > 0 ? [index] : [],
  );
  const isAtRest = bench.pausedBeside?.length === 0;
  bench.model = observe(
    { ...bench.model, halted: new Set(halted), overlooked: new Set(overlooked), isAtRest },
    sighting,
  );
  bench.pausedBeside = bench.pausedBeside?.filter((flight) => bench.flights.includes(flight));
  for (const [id, flights] of bench.canceled) bench.canceled.set(id, flights.filter(isAtWork));
  for (const [index, flights] of bench.overlooking) bench.overlooking.set(index, flights.filter(isAtWork));
  for (const [at, { id, generation }] of bench.model.actions.entries()) {
    const count = countLanes(bench, id, generation);
    const { window } = bench.scenario;
    if (count > window) throw new Violation(`action ${at + 1} has ${count} lanes in a window of ${window}`);
  }
  return sighting;
}

/** From now on, only who is at work on a chunk of it may still touch a record of it. */
export function noteCanceled(bench: Bench, id: string): void {
  if (!bench.canceled.has(id)) bench.canceled.set(id, bench.flights.filter(isAtWork));
}

/** From now on, who is at work may miss that the record is ordered, unless it is so already. */
export function noteOrder(bench: Bench, index: number, flights: readonly Flight[]): void {
  if (bench.engine.host.enforcesOrders || bench.model.records[index]?.isOrdered) return;
  bench.overlooking.set(index, flights);
}

function countLanes(bench: Bench, id: string, generation: number): number {
  const alive = bench.flights.flatMap(({ lane, isDead }) =>
    lane === undefined || isDead() || lane.hasPassedOn() ? [] : [lane.turn],
  );
  return [...bench.queue.all(), ...alive].filter(
    (turn) => turn.bulkActionId === id && turn.generation === generation && !turn.isTwin,
  ).length;
}

function land(bench: Bench): void {
  const ended = bench.flights.filter((flight) => flight.hasEnded());
  bench.flights = bench.flights.filter((flight) => !flight.hasEnded());
  for (const flight of ended) {
    const error = flight.error();
    if (error === undefined) continue;
    // Outside a chunk's statement a lock time-out ends the turn as an absent database would.
    if (findSqlstate(error) !== "55P03") throw new Violation(`${flight.name} threw ${error}`);
    bench.story.push(`${flight.name}: gives up, a lock was not free`);
  }
}

/** The run in plain words. */
export function tellStory({ scenario, story }: Bench): string {
  const { kinds, chunkSize, window, turnMs, marks, locking } = scenario;
  const shop = kinds.map((kind, index) => `${nameRecord(index)} (${kind})`).join(", ");
  const turns = turnMs === 0 ? "one chunk a turn" : `all chunks in one turn${marks ? ", marked" : ""}`;
  const lines = join(story).map((line, at) => `${String(at + 1).padStart(3)}. ${line}`);
  return [
    `The shop: ${shop}`,
    `Chunks of ${chunkSize}, window ${window}, ${turns}, ${locking}`,
    ...lines,
  ].join("\n");
}

/** One line for what a process does in one go. */
function join(story: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const line of story) {
    const last = lines.at(-1);
    const name = line.slice(0, line.indexOf(": ") + 2);
    if (last === undefined || name === "" || !last.startsWith(name)) lines.push(line);
    else lines[lines.length - 1] = `${last}; ${line.slice(name.length)}`;
  }
  return lines;
}
