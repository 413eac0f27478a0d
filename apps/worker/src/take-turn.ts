import type { Action } from "@bulk/actions/action";
import type { Registry } from "@bulk/actions/registry";
import { countProcessed } from "@bulk/domain/action-outcome";
import type { ChunkFault, ChunkRemedy } from "@bulk/domain/chunk-failure";
import { isRetriable, type Tally } from "@bulk/domain/outcome";
import type { Turn } from "@bulk/queue/turn";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import type { TakenTurn, TurnReport } from "@bulk/queue/turn-worker";
import type { Logger } from "@bulk/service/logger";
import { markStarted, recordActivity, type Settlement, settle } from "@bulk/store/bulk-actions";
import { applyNextChunkCarefully, type CarefulReport } from "@bulk/store/careful-chunk";
import { applyNextChunk, type ChunkSource } from "@bulk/store/chunks";
import { findSqlstate, judgeSqlstate } from "@bulk/store/sqlstate";
import { type Brakes, type BrakeTools, createBrakes, type Permit } from "./brakes.ts";
import { inChunkSpan, inTurnSpan } from "./work-spans.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

export type TurnTools = BrakeTools & {
  readonly queue: Pick<TurnQueue, "addTurns">;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, "chunkTried" | "settled">;
  /** How long a turn goes on before it lets the others have theirs. */
  readonly turnMs: number;
};

/**
 * Takes one turn: works on free chunks of the bulk action for about `turnMs`, then puts the lane's next
 * turn at the back of the queue, so that everybody's turns alternate.
 *
 * Throws when the database or the queue is away. Nothing is lost then: the sweeper starts the lanes again.
 */
export async function takeTurn(turn: TakenTurn, tools: TurnTools): Promise<TurnReport> {
  try {
    return await inTurnSpan(turn, () => work(turn, tools));
  } catch (error) {
    tools.logger.error(
      { ...identify(turn), error },
      "turn failed; nothing is lost, the sweeper starts the lanes again",
    );
    throw error;
  }
}

async function work(turn: TakenTurn, tools: TurnTools): Promise<TurnReport> {
  const action = tools.registry.get(turn.actionType);
  if (action === undefined) {
    throw new Error(`This worker knows no action ${turn.actionType}; upgrade it.`);
  }
  const brakes = createBrakes(turn, tools);
  if (turn.turn === 1 && !(await brakes.isPaused())) {
    await markStarted(tools.database, turn.bulkActionId, turn.generation);
  }
  const { ending, tally } = await workOnChunks(turn, action, brakes, tools);
  const { outcome, percent } = await endTurn(turn, ending, tools);
  const summary = { ending: outcome, ...tally };
  tools.logger.info({ ...identify(turn), ...summary }, "turn ended");
  return { percent, summary };
}

function identify({ bulkActionId, generation, lane, turn }: TakenTurn): Turn {
  return { bulkActionId, generation, lane, turn };
}

type Ending =
  | { readonly kind: "time_is_up" }
  /** Every chunk that is left is backing off. */
  | { readonly kind: "not_yet_due"; readonly dueInMs: number }
  /** Somebody else has locked a table that every chunk needs. */
  | { readonly kind: "table_locked"; readonly dueInMs: number }
  | { readonly kind: "settled" }
  /** Other lanes have what is left, the generation has moved on, or somebody else settled. */
  | { readonly kind: "nothing_left"; readonly percent: number | undefined }
  | Hold
  /** The queue gave this turn to another worker. */
  | { readonly kind: "lost" };

type Hold = Exclude<Permit, { readonly kind: "granted" }>;

async function workOnChunks(
  turn: TakenTurn,
  action: Action,
  brakes: Brakes,
  tools: TurnTools,
): Promise<{ readonly ending: Ending; readonly tally: Tally }> {
  const endsAt = performance.now() + tools.turnMs;
  let tally = NOTHING;
  for (;;) {
    const permit = await brakes.ask();
    if (permit.kind !== "granted") return { ending: await hold(turn, permit, tools), tally };
    const startedAt = performance.now();
    const step = await takeStep({ ...turn, mostRecords: permit.mostRecords }, action, tools);
    const tookMs = performance.now() - startedAt;
    const stepTally = step.kind === "worked" ? step.tally : NOTHING;
    await brakes.giveBackUnused(permit, countProcessed(stepTally));
    if (step.kind === "ending") return { ending: step.ending, tally };
    tools.metrics.chunkTried(turn.actionType, stepTally, tookMs);
    tally = add(tally, stepTally);
    if (turn.lost.aborted) return { ending: { kind: "lost" }, tally };
    if (turn.stopping.aborted || performance.now() >= endsAt) {
      return { ending: { kind: "time_is_up" }, tally };
    }
  }
}

const NOTHING: Tally = { deleted: 0, skipped: 0, failed: 0 };

// A turn that is held up may still be the last that had a chunk.
async function hold(turn: TakenTurn, held: Hold, tools: TurnTools): Promise<Ending> {
  const found = await lookRound(turn, tools);
  // Of a paused bulk action the generation has moved on.
  const isHeld = found.kind === "open" || (held.kind === "paused" && found.kind === "nothing_left");
  return isHeld ? held : found;
}

type Step =
  | { readonly kind: "worked"; readonly tally: Tally }
  | { readonly kind: "ending"; readonly ending: Ending };

/** A turn and how many records its next try may take. */
type LimitedTurn = TakenTurn & Pick<ChunkSource, "mostRecords">;

async function takeStep(turn: LimitedTurn, action: Action, tools: TurnTools): Promise<Step> {
  try {
    const report = await inChunkSpan(() => applyNextChunk(tools.database, turn, action));
    if (report !== undefined) {
      tools.pace.noteSuccess(turn.actionType, countProcessed(report));
      return { kind: "worked", tally: report };
    }
  } catch (error) {
    const sqlstate = findSqlstate(error);
    if (sqlstate === undefined) throw error;
    return await takeCarefulStep(turn, action, tools, judgeSqlstate(sqlstate));
  }
  const found = await lookRound(turn, tools);
  if (found.kind !== "open") return { kind: "ending", ending: found };
  if (found.troubledCount > 0) return await takeCarefulStep(turn, action, tools);
  if (found.dueInMs === 0) return nothingLeft(found.percent);
  return { kind: "ending", ending: { kind: "not_yet_due", dueInMs: found.dueInMs } };
}

// What is left for this lane, or how it ends.
async function lookRound(
  turn: TakenTurn,
  tools: TurnTools,
): Promise<Extract<Settlement, { readonly kind: "open" }> | Ending> {
  const settlement = await settleCounted(turn, tools);
  switch (settlement.kind) {
    case "settled":
      return settlement;
    case "closed":
      return { kind: "nothing_left", percent: 100 };
    case "open":
      if (!settlement.isCanceled && settlement.generation === turn.generation) return settlement;
      return { kind: "nothing_left", percent: settlement.percent };
  }
}

async function settleCounted(turn: TakenTurn, { database, metrics }: TurnTools): Promise<Settlement> {
  const settlement = await settle(database, turn.bulkActionId);
  metrics.settled(settlement);
  return settlement;
}

async function takeCarefulStep(
  turn: LimitedTurn,
  action: Action,
  tools: TurnTools,
  firstFault?: ChunkFault,
): Promise<Step> {
  const careful = await inChunkSpan(() => applyNextChunkCarefully(tools.database, turn, action));
  switch (careful.kind) {
    case "none_free":
      return await leave(turn, tools);
    case "applied":
      return { kind: "worked", tally: careful.report };
    case "overtaken":
      return { kind: "worked", tally: NOTHING };
    case "not_concluded":
      throw careful.error;
    case "set_back": {
      const { fault, remedy } = careful;
      logSetBack(turn, careful, tools.logger);
      if (remedy.kind === "wait") {
        return { kind: "ending", ending: { kind: "table_locked", dueInMs: remedy.delayMs } };
      }
      // Only the first time-out of a chunk: one slow record halves its own chunk, not everybody's.
      if (firstFault === "slow" && fault === "slow" && remedy.kind === "halve") {
        tools.pace.noteSlow(turn.actionType, remedy.sliceSize);
      }
      return { kind: "worked", tally: { ...NOTHING, failed: remedy.kind === "fail_record" ? 1 : 0 } };
    }
  }
}

// The database's message may quote a record; it is kept on the chunk, not in the log.
function logSetBack({ bulkActionId }: Turn, { position, fault, remedy }: SetBack, logger: Logger): void {
  logger.warn(
    { bulkActionId, position, fault, remedy },
    `${describeRemedy(remedy)}; the database's words are in bulk_action_chunks.last_error`,
  );
}

type SetBack = Extract<CarefulReport, { readonly kind: "set_back" }>;

function describeRemedy(remedy: ChunkRemedy): string {
  if (remedy.kind === "wait") return "chunk waits: somebody else has locked a whole table";
  if (remedy.kind !== "fail_record") return "chunk set back, to be tried again";
  return isRetriable(remedy.code)
    ? "record given up; submit its id again when what was in its way is gone"
    : "record given up; the database refuses it, and will again until that is mended";
}

// A cancel may have come in between, and this lane may be the last that had a chunk.
async function leave(turn: TakenTurn, tools: TurnTools): Promise<Step> {
  const settlement = await settleCounted(turn, tools);
  return settlement.kind === "settled" ? { kind: "ending", ending: settlement } : nothingLeft(undefined);
}

function nothingLeft(percent: number | undefined): Step {
  return { kind: "ending", ending: { kind: "nothing_left", percent } };
}

function add(one: Tally, other: Tally): Tally {
  return {
    deleted: one.deleted + other.deleted,
    skipped: one.skipped + other.skipped,
    failed: one.failed + other.failed,
  };
}

async function endTurn(
  turn: TakenTurn,
  ending: Ending,
  tools: TurnTools,
): Promise<{ readonly outcome: string; readonly percent: number | undefined }> {
  switch (ending.kind) {
    case "time_is_up":
      return await passOn(turn, { outcome: "passed_on", delayMs: 0 }, tools);
    case "not_yet_due":
      return await passOn(turn, { outcome: "backing_off", delayMs: ending.dueInMs }, tools);
    case "throttled":
    case "replica_lags":
    case "table_locked":
      return await passOn(turn, { outcome: ending.kind, delayMs: ending.dueInMs }, tools);
    case "settled":
      return { outcome: "settled", percent: 100 };
    case "nothing_left":
      return { outcome: ending.kind, percent: ending.percent };
    case "paused":
    case "lost":
      return { outcome: ending.kind, percent: undefined };
  }
}

async function passOn(
  turn: TakenTurn,
  { outcome, delayMs }: { readonly outcome: string; readonly delayMs: number },
  tools: TurnTools,
) {
  const { database, queue } = tools;
  const { bulkActionId, actionType, generation, lane, trace } = turn;
  const activity = await recordActivity(database, bulkActionId, generation);
  if (activity === undefined) {
    // Canceled meanwhile, if it is not over: this lane may be the last that had a chunk.
    const { kind } = await settleCounted(turn, tools);
    return { outcome: kind === "settled" ? kind : "nothing_left", percent: undefined };
  }
  const enqueuedAt = activity.updatedAt;
  const order = { bulkActionId, actionType, generation, lane, turn: turn.turn + 1 };
  await queue.addTurns([{ ...order, enqueuedAt, delayMs, trace }]);
  return { outcome, percent: activity.percent };
}
