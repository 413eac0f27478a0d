import type { Arena, Tools } from "./arena.ts";
import type { ChaosClient, ClientRecord } from "./client.ts";
import { faultName, planFaults } from "./fault-plan.ts";
import { inflict } from "./faults.ts";
import type { ChaosOptions, Notes, Throughput } from "./notes.ts";
import { pause } from "./pause.ts";
import { createRandom } from "./random.ts";
import type { Submission } from "./recorded-run.ts";
import { restartInTurn } from "./rolling-restart.ts";
import { drawSubmission, planActions } from "./workload.ts";

export type BreakingEnd = {
  readonly sending: Promise<void>;
  readonly lastFaultAt: number;
  readonly throughput: Throughput | undefined;
};

/**
 * Sends and breaks for the time given, or until every worker has been restarted often enough; then puts everything
 * right. Requests may still be under way.
 */
export async function breakThings(options: ChaosOptions, tools: Tools, notes: Notes): Promise<BreakingEnd> {
  const over = new AbortController();
  const timeout = AbortSignal.timeout(options.seconds * 1_000);
  const ending = AbortSignal.any([options.interrupted, timeout, over.signal]);
  const arena: Arena = { ...tools, busy: new Set(), recentIds: createRecentIds(options.seed, notes.record) };
  // Must not happen; told at the end, so that everything is still put right and checked.
  function report(error: unknown): void {
    notes.violations.push(`The chaos run itself failed: ${String(error)}`);
  }
  const sending = sendActions(options, tools, report, ending);
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

async function sendActions(
  { seed, seconds }: ChaosOptions,
  tools: Tools,
  report: (error: unknown) => void,
  ending: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  const sent: Promise<void>[] = [];
  for (const action of planActions(seed, seconds, tools.shops.length)) {
    await pause(startedAt + action.atMs - performance.now(), ending);
    if (ending.aborted) break;
    const submission = drawSubmission(action, tools, action.atMs / (seconds * 1_000));
    sent.push(submit(submission, action.cancelAfterMs, tools.client, ending).catch(report));
  }
  await Promise.all(sent);
}

async function submit(
  submission: Submission,
  cancelAfterMs: number | undefined,
  client: ChaosClient,
  ending: AbortSignal,
): Promise<void> {
  const accepted = await client.submit(submission);
  if (accepted === undefined || cancelAfterMs === undefined) return;
  await pause(cancelAfterMs, ending);
  await client.cancel(accepted);
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

function createRecentIds(seed: number, { begun }: ClientRecord): Arena["recentIds"] {
  const random = createRandom(seed + 3_000_003);
  return (actionType) => {
    const recent = begun.filter((submission) => submission.actionType === actionType);
    const pool = recent.slice(-RECENT_SUBMISSIONS).flatMap((submission) => submission.recordIds);
    return pool.length === 0 ? [] : Array.from({ length: 200 }, () => random.pick(pool));
  };
}
