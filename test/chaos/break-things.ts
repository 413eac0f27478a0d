import type { Arena, Tools } from "./arena.ts";
import { faultName, planFaults } from "./fault-plan.ts";
import { inflict } from "./faults.ts";
import type { ChaosOptions, Notes, Throughput } from "./notes.ts";
import { pause } from "./pause.ts";
import { createRandom } from "./random.ts";
import type { Submission } from "./recorded-run.ts";
import { restartInTurn } from "./rolling-restart.ts";

/** Who sends meanwhile. */
export type Callers = {
  /** What was begun to be sent, in order: the records worth getting in the way of. */
  readonly begun: readonly Submission[];
  send(report: (error: unknown) => void, ending: AbortSignal): Promise<void>;
};

export type BreakingEnd = {
  readonly sending: Promise<void>;
  readonly lastFaultAt: number;
  readonly throughput: Throughput | undefined;
};

/**
 * Lets callers send and breaks things for the time given, or until every worker has been restarted often enough; then puts everything
 * right. Requests may still be under way.
 */
export async function breakThings(
  options: ChaosOptions,
  tools: Tools,
  notes: Notes,
  callers: Callers,
): Promise<BreakingEnd> {
  const over = new AbortController();
  const timeout = AbortSignal.timeout(options.seconds * 1_000);
  const ending = AbortSignal.any([options.interrupted, timeout, over.signal]);
  const arena: Arena = { ...tools, busy: new Set(), recentIds: createRecentIds(options.seed, callers.begun) };
  // Must not happen; told at the end, so that everything is still put right and checked.
  function report(error: unknown): void {
    notes.violations.push(`The chaos run itself failed: ${String(error)}`);
  }
  const sending = callers.send(report, ending);
  const throughput =
    options.plan === "rolling_restart" ? await restartInTurn(tools, notes, ending) : undefined;
  const lastFaultAt =
    throughput === undefined ? await breakAll(options, arena, notes, report, ending) : performance.now();
  over.abort();
  for (const service of tools.services) {
    if (!service.isUp()) await service.start();
  }
  return { sending, lastFaultAt, throughput };
}

/** Answers when the last fault was over and being put right. */
async function breakAll(
  { seed, seconds, engine }: ChaosOptions,
  arena: Arena,
  { faults }: Notes,
  report: (error: unknown) => void,
  ending: AbortSignal,
): Promise<number> {
  const startedAt = performance.now();
  const inflicted: Promise<void>[] = [];
  for (const { atMs, fault } of planFaults(seed, seconds, engine)) {
    await pause(startedAt + atMs - performance.now(), ending);
    if (ending.aborted) break;
    const name = faultName(fault);
    inflicted.push(
      inflict(fault, arena, ending).then((happened) => {
        if (happened) faults.set(name, (faults.get(name) ?? 0) + 1);
      }, report),
    );
  }
  await pause(startedAt + seconds * 1_000 - performance.now(), ending);
  const lastFaultAt = performance.now();
  await Promise.all(inflicted);
  return lastFaultAt;
}

const RECENT_SUBMISSIONS = 3;

function createRecentIds(seed: number, begun: Callers["begun"]): Arena["recentIds"] {
  const random = createRandom(seed + 3_000_003);
  return (actionType) => {
    const recent = begun.filter((submission) => submission.actionType === actionType);
    const pool = recent.slice(-RECENT_SUBMISSIONS).flatMap((submission) => submission.recordIds);
    return pool.length === 0 ? [] : Array.from({ length: 200 }, () => random.pick(pool));
  };
}
