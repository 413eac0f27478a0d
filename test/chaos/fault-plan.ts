import { createRandom, type Random } from "./random.ts";

export const WORKER_COUNT = 3;
export const API_COUNT = 2;

/** Which of the service's processes. */
export type ServiceName = `worker ${number}` | `api ${number}`;

export type ChaosEngine = "postgres" | "redis";

/** One thing that goes wrong, with everything about it that chance decides beforehand. */
export type Fault =
  /** SIGKILL; started again after `downMs`. */
  | { readonly kind: "kill"; readonly service: ServiceName; readonly downMs: number }
  /** SIGSTOP, then SIGCONT. */
  | { readonly kind: "freeze"; readonly service: ServiceName; readonly forMs: number }
  /** SIGTERM; started again when it has ended. */
  | { readonly kind: "terminate"; readonly service: ServiceName }
  | { readonly kind: "kill_redis"; readonly downMs: number }
  | { readonly kind: "flush_redis" }
  /** CLIENT PAUSE. */
  | { readonly kind: "pause_redis"; readonly forMs: number }
  /** DEBUG SLEEP: it answers nobody. */
  | { readonly kind: "sleep_redis"; readonly forMs: number }
  /** As after a power cut: no shutdown, recovery from the log. */
  | { readonly kind: "restart_postgres" }
  | { readonly kind: "terminate_backends"; readonly count: number }
  /** The connections of one process to one engine end; new ones are refused for a while. */
  | { readonly kind: "cut"; readonly service: ServiceName; readonly to: ChaosEngine; readonly forMs: number }
  | {
      readonly kind: "delay";
      readonly service: ServiceName;
      readonly to: ChaosEngine;
      readonly byMs: number;
      readonly forMs: number;
    }
  /** An order takes products that are being deleted; its transaction stays open for a while. */
  | {
      readonly kind: "order_lines";
      readonly count: number;
      readonly openMs: number;
      readonly commits: boolean;
    }
  /** Somebody edits records that are being deleted, and takes their time to commit. */
  | { readonly kind: "lock_records"; readonly count: number; readonly openMs: number }
  /** Each statement that deletes takes `statementMs` longer. */
  | { readonly kind: "slow_deletes"; readonly statementMs: number; readonly forMs: number };

/** A fault and when it is due, counted from the start of the run. */
export type PlannedFault = { readonly atMs: number; readonly fault: Fault };

/** About three in a second: some find their target already in trouble and are left out. */
const MEAN_GAP_MS = 330;

/** Everything that will go wrong in a run: a pure function of its arguments. */
export function planFaults(seed: number, seconds: number, engine: ChaosEngine): readonly PlannedFault[] {
  const random = createRandom(seed);
  const plan: PlannedFault[] = [];
  let bag: readonly FaultDraw[] = [];
  for (let atMs = 500; atMs < seconds * 1_000; atMs += 20 - MEAN_GAP_MS * Math.log(1 - random.next())) {
    // Drawn like cards from a deck, so that short runs see rare faults as well.
    if (bag.length === 0) bag = random.shuffle(deck(engine));
    const [draw, ...rest] = bag;
    if (draw !== undefined) plan.push({ atMs: Math.round(atMs), fault: draw(random) });
    bag = rest;
  }
  return plan;
}

/** What a fault is called in the report. */
export function faultName(fault: Fault): string {
  switch (fault.kind) {
    case "kill":
    case "freeze":
    case "terminate":
      return `${fault.kind}_${fault.service.replace(/ .*/, "")}`;
    case "cut":
    case "delay":
      return `${fault.kind}_${fault.to}`;
    default:
      return fault.kind;
  }
}

type FaultDraw = (random: Random) => Fault;

function deck(engine: ChaosEngine): readonly FaultDraw[] {
  return [...COMMON, ...(engine === "redis" ? ON_REDIS : [])].flatMap(([count, draw]) =>
    Array.from({ length: count }, () => draw),
  );
}

const COMMON: readonly (readonly [count: number, draw: FaultDraw])[] = [
  [3, (random) => ({ kind: "kill", service: worker(random), downMs: random.integer(0, 1_500) })],
  [3, (random) => ({ kind: "freeze", service: worker(random), forMs: random.logUniform(100, 3_000) })],
  [1, (random) => ({ kind: "terminate", service: worker(random) })],
  [1, (random) => ({ kind: "kill", service: api(random), downMs: random.integer(0, 1_500) })],
  [2, (random) => ({ kind: "freeze", service: api(random), forMs: random.logUniform(100, 3_000) })],
  [1, (random) => ({ kind: "terminate", service: api(random) })],
  [1, () => ({ kind: "restart_postgres" })],
  [5, (random) => ({ kind: "terminate_backends", count: random.integer(1, 5) })],
  [4, (random) => drawCut(random, "postgres")],
  [4, (random) => drawDelay(random, "postgres")],
  [9, drawOrderLines],
  [
    7,
    (random) => ({
      kind: "lock_records",
      count: random.integer(1, 20),
      openMs: random.logUniform(50, 4_000),
    }),
  ],
  // Longer than every attempt together waits: the records must end as failed.
  [1, (random) => ({ kind: "lock_records", count: random.integer(1, 2), openMs: 20_000 })],
  [3, drawSlowDeletes],
];

const ON_REDIS: readonly (readonly [count: number, draw: FaultDraw])[] = [
  [2, (random) => ({ kind: "kill_redis", downMs: random.integer(0, 2_000) })],
  [3, () => ({ kind: "flush_redis" })],
  [2, (random) => ({ kind: "pause_redis", forMs: random.logUniform(100, 3_000) })],
  [2, (random) => ({ kind: "sleep_redis", forMs: random.logUniform(100, 2_000) })],
  [3, (random) => drawCut(random, "redis")],
  [3, (random) => drawDelay(random, "redis")],
];

function drawCut(random: Random, to: ChaosEngine): Fault {
  return { kind: "cut", service: anyService(random), to, forMs: random.integer(0, 1_000) };
}

function drawDelay(random: Random, to: ChaosEngine): Fault {
  const [byMs, forMs] = [random.integer(50, 500), random.integer(300, 2_000)];
  return { kind: "delay", service: anyService(random), to, byMs, forMs };
}

function drawOrderLines(random: Random): Fault {
  const [count, openMs] = [random.integer(1, 5), random.integer(0, 300)];
  return { kind: "order_lines", count, openMs, commits: random.next() < 0.8 };
}

// Now and then longer than a statement may take.
function drawSlowDeletes(random: Random): Fault {
  const statementMs = random.next() < 0.2 ? 4_000 : random.logUniform(30, 1_000);
  return { kind: "slow_deletes", statementMs, forMs: random.integer(500, 3_000) };
}

function anyService(random: Random): ServiceName {
  return random.next() < 0.7 ? worker(random) : api(random);
}

function worker(random: Random): ServiceName {
  return `worker ${random.integer(1, WORKER_COUNT)}`;
}

function api(random: Random): ServiceName {
  return `api ${random.integer(1, API_COUNT)}`;
}
