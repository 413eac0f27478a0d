import { type Action, composeFor } from "@bulk/actions/action";
import type { Registry } from "@bulk/actions/registry";
import { countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { nameTally, type Tally } from "@bulk/domain/bulk-actions/outcome";
import type { Turn } from "@bulk/queue/turns/turn";
import type { TakenTurn, TurnReport } from "@bulk/queue/turns/turn-worker";
import { markStarted, readPercent, recordActivity } from "@bulk/store/bulk-actions/record-activity";
import { applyNextChunk } from "@bulk/store/chunks/apply-chunk";
import type { ChunkSource } from "@bulk/store/chunks/claim-chunk";
import { findSqlstate, judgeSqlstate } from "@bulk/store/sqlstate";
import { inChunkSpan, inTurnSpan } from "../observability/work-spans.ts";
import type { WorkerMetrics } from "../observability/worker-metrics.ts";
import { type Brakes, type BrakeTools, createBrakes } from "./brakes.ts";
import { type EndTools, endTurn, type Stop, type TurnEnd } from "./end-turn.ts";
import { type CarefulTools, tryCarefully } from "./try-carefully.ts";
import { addResult, NOTHING, type TryResult } from "./try-result.ts";
import { startTurnClock, type TurnClock, type TurnTimes } from "./turn-clock.ts";

export type TurnTools = BrakeTools &
  EndTools &
  CarefulTools & {
    readonly metrics: Pick<WorkerMetrics, "chunkTried">;
    readonly times: TurnTimes;
  };

/**
 * Takes one turn: tries free chunks of the bulk action for about `turnMs`, or longer while nobody waits, then adds the
 * lane's next turn at the back of the queue, so that the turns of all bulk actions alternate.
 *
 * Throws when the database or the queue cannot be reached. Nothing is lost then: the sweeper restarts the lanes.
 */
export async function takeTurn(turn: TakenTurn, tools: TurnTools): Promise<TurnReport> {
  try {
    return await inTurnSpan(turn, () => runTurn(turn, tools));
  } catch (error) {
    tools.logger.error(
      { ...identify(turn), error },
      "turn failed; nothing is lost, the sweeper restarts the lanes",
    );
    throw error;
  }
}

async function runTurn(turn: TakenTurn, tools: TurnTools): Promise<TurnReport> {
  // For the whole turn, which lasts two seconds at most.
  const action = await composeFor(turn.bulkActionId, loadAction(turn, tools.registry), tools.database);
  const brakes = createBrakes(turn, tools);
  if (turn.turn === 1 && !(await brakes.isPaused())) {
    await markStarted(tools.database, turn.bulkActionId, turn.generation);
  }
  const running = { turn, action, brakes, tools };
  const { ending, percent, tally } = await tryChunksUntilEnd(running).finally(brakes.leave);
  const summary = { ending, ...nameTally(tally, action.effect) };
  tools.logger.info({ ...identify(turn), ...summary }, "turn ended");
  return { percent, recordCount: countProcessed(tally), summary };
}

function loadAction({ actionType }: TakenTurn, registry: Registry): Action {
  const action = registry.get(actionType);
  if (action === undefined) throw new Error(`This worker knows no action ${actionType}; upgrade it.`);
  return action;
}

function identify({ bulkActionId, generation, lane, turn }: TakenTurn): Turn {
  return { bulkActionId, generation, lane, turn };
}

/** A turn at work. */
type Running = {
  readonly turn: TakenTurn;
  readonly action: Action;
  readonly brakes: Brakes;
  readonly tools: TurnTools;
};

async function tryChunksUntilEnd(running: Running): Promise<TurnEnd & { readonly tally: Tally }> {
  const { turn, tools } = running;
  const clock = startTurnClock(tools.times);
  let tally = NOTHING;
  let tryChunk = tryHealthyChunk;
  for (;;) {
    const result = await tryWithPermit(running, tryChunk);
    tally = addResult(tally, result);
    tryChunk = tryHealthyChunk;
    const stop = result.kind === "worked" ? findStop(clock) : result;
    if (stop === undefined) {
      await markIfDue(running, clock);
      continue;
    }
    const end = await endTurn(turn, stop, tools);
    if (end !== undefined)
      return { ...end, tally, percent: end.percent ?? (await readIfVisible(running, clock)) };
    tryChunk = tryTroubledChunk;
  }
}

function findStop(clock: TurnClock): Stop | undefined {
  return clock.isOver() ? { kind: "time_is_up" } : undefined;
}

/** What ends a turn even before its first chunk; it may have waited for a place. */
function findInterruption({ lost, stopping }: TakenTurn): Stop | undefined {
  if (lost.aborted) return { kind: "lost" };
  return stopping.aborted ? { kind: "time_is_up" } : undefined;
}

// For the sweeper, and for callers who wait. If the generation has ended, the next claim finds no chunk.
async function markIfDue({ turn, tools }: Running, clock: TurnClock): Promise<void> {
  if (clock.takeMark()) await recordActivity(tools.database, turn.bulkActionId, turn.generation);
}

/** A turn that lasted less is followed by the next before anybody could read its progress, which costs a sum over all chunks. */
const VISIBLE_MS = 1_000;

async function readIfVisible({ turn, tools }: Running, clock: TurnClock): Promise<number | undefined> {
  return clock.lastedMs() < VISIBLE_MS ? undefined : await readPercent(tools.database, turn.bulkActionId);
}

/** Tries one chunk within these limits. */
type TryChunk = (running: Running, limits: TryLimits) => Promise<TryResult>;

/** `mostRecords`: it takes no more records. `guard`: it takes none once foreign keys or triggers have changed. */
type TryLimits = Pick<ChunkSource, "guard" | "mostRecords">;

async function tryWithPermit(running: Running, tryChunk: TryChunk): Promise<TryResult> {
  const { turn, brakes, tools } = running;
  const interruption = findInterruption(turn);
  if (interruption !== undefined) return interruption;
  const permit = await brakes.requestPermit();
  if (permit.kind !== "granted") return permit;
  const startedAt = performance.now();
  const result = await tryChunk(running, { mostRecords: permit.mostRecords, guard: permit.guard });
  const tookMs = performance.now() - startedAt;
  const tally = addResult(NOTHING, result);
  await brakes.returnUnused(permit, countProcessed(tally));
  if (result.kind === "worked") tools.metrics.chunkTried(turn.actionType, tally, tookMs);
  return result;
}

async function tryHealthyChunk({ turn, action, tools }: Running, limits: TryLimits): Promise<TryResult> {
  const source = { ...turn, ...limits };
  try {
    const report = await inChunkSpan(action.effect, () => applyNextChunk(tools.database, source, action));
    if (report === undefined) return { kind: "none_healthy" };
    tools.pace.noteSuccess(turn.actionType, countProcessed(report));
    return { kind: "worked", tally: report };
  } catch (error) {
    const sqlstate = findSqlstate(error);
    if (sqlstate === undefined) throw error;
    return await tryCarefully(source, action, tools, judgeSqlstate(sqlstate));
  }
}

function tryTroubledChunk({ turn, action, tools }: Running, limits: TryLimits): Promise<TryResult> {
  return tryCarefully({ ...turn, ...limits }, action, tools, undefined);
}
