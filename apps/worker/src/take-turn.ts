import type { Action } from "@bulk/actions/action";
import type { Registry } from "@bulk/actions/registry";
import type { ChunkRemedy } from "@bulk/domain/chunk-failure";
import { isRetriable, type Tally } from "@bulk/domain/outcome";
import type { Turn } from "@bulk/queue/turn";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import type { TakenTurn, TurnReport } from "@bulk/queue/turn-worker";
import type { Logger } from "@bulk/service/logger";
import { markStarted, recordActivity, settle } from "@bulk/store/bulk-actions";
import { applyNextChunk, applyNextChunkCarefully, type CarefulReport } from "@bulk/store/chunks";
import type { Database } from "@bulk/store/database";
import { findChunkFault } from "@bulk/store/sqlstate";
import { inChunkSpan, inTurnSpan } from "./work-spans.ts";

export type TurnTools = {
  readonly database: Database;
  readonly queue: Pick<TurnQueue, "addTurns">;
  readonly registry: Registry;
  readonly logger: Logger;
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
  if (turn.turn === 1) await markStarted(tools.database, turn.bulkActionId, turn.generation);
  const { ending, tally } = await workOnChunks(turn, action, tools);
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
  | { readonly kind: "settled" }
  /** Other lanes have what is left, the generation has moved on, or somebody else settled. */
  | { readonly kind: "nothing_left"; readonly percent: number | undefined }
  /** The queue gave this turn to another worker. */
  | { readonly kind: "lost" };

async function workOnChunks(
  turn: TakenTurn,
  action: Action,
  tools: TurnTools,
): Promise<{ readonly ending: Ending; readonly tally: Tally }> {
  const endsAt = performance.now() + tools.turnMs;
  let tally: Tally = { deleted: 0, skipped: 0, failed: 0 };
  for (;;) {
    const step = await takeStep(turn, action, tools);
    if (step.kind === "ending") return { ending: step.ending, tally };
    tally = add(tally, step.tally);
    if (turn.lost.aborted) return { ending: { kind: "lost" }, tally };
    if (turn.stopping.aborted || performance.now() >= endsAt) {
      return { ending: { kind: "time_is_up" }, tally };
    }
  }
}

type Step =
  | { readonly kind: "worked"; readonly tally: Tally }
  | { readonly kind: "ending"; readonly ending: Ending };

async function takeStep(turn: TakenTurn, action: Action, tools: TurnTools): Promise<Step> {
  try {
    const report = await inChunkSpan(() => applyNextChunk(tools.database, turn, action));
    if (report !== undefined) return { kind: "worked", tally: report };
  } catch (error) {
    if (findChunkFault(error) === undefined) throw error;
    return await takeCarefulStep(turn, action, tools);
  }
  const settlement = await settle(tools.database, turn.bulkActionId);
  if (settlement.kind === "settled") return { kind: "ending", ending: settlement };
  if (settlement.kind === "closed") return nothingLeft(100);
  if (settlement.isCanceled || settlement.generation !== turn.generation) {
    return nothingLeft(settlement.percent);
  }
  if (settlement.troubledCount > 0) return await takeCarefulStep(turn, action, tools);
  if (settlement.dueInMs === 0) return nothingLeft(settlement.percent);
  return { kind: "ending", ending: { kind: "not_yet_due", dueInMs: settlement.dueInMs } };
}

async function takeCarefulStep(turn: TakenTurn, action: Action, tools: TurnTools): Promise<Step> {
  const careful = await inChunkSpan(() => applyNextChunkCarefully(tools.database, turn, action));
  switch (careful.kind) {
    case "none_free":
      return await leave(turn, tools);
    case "applied":
      return { kind: "worked", tally: careful.report };
    case "set_back": {
      logSetBack(turn, careful, tools.logger);
      const failed = careful.remedy.kind === "fail_record" ? 1 : 0;
      return { kind: "worked", tally: { deleted: 0, skipped: 0, failed } };
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
  if (remedy.kind !== "fail_record") return "chunk set back, to be tried again";
  return isRetriable(remedy.code)
    ? "record given up; submit its id again when what was in its way is gone"
    : "record given up; the database refuses it, and will again until that is mended";
}

// A cancel may have come in between, and this lane may be the last that had a chunk.
async function leave(turn: TakenTurn, { database }: TurnTools): Promise<Step> {
  const settlement = await settle(database, turn.bulkActionId);
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
      return await passOn(turn, 0, tools);
    case "not_yet_due":
      return await passOn(turn, ending.dueInMs, tools);
    case "settled":
      return { outcome: "settled", percent: 100 };
    case "nothing_left":
      return { outcome: ending.kind, percent: ending.percent };
    case "lost":
      return { outcome: ending.kind, percent: undefined };
  }
}

async function passOn(turn: TakenTurn, delayMs: number, { database, queue }: TurnTools) {
  const { bulkActionId, actionType, generation, lane, trace } = turn;
  const activity = await recordActivity(database, bulkActionId, generation);
  if (activity === undefined) {
    // Canceled meanwhile, if it is not over: this lane may be the last that had a chunk.
    const { kind } = await settle(database, bulkActionId);
    return { outcome: kind === "settled" ? kind : "nothing_left", percent: undefined };
  }
  const enqueuedAt = activity.updatedAt;
  const order = { bulkActionId, actionType, generation, lane, turn: turn.turn + 1 };
  await queue.addTurns([{ ...order, enqueuedAt, delayMs, trace }]);
  return { outcome: delayMs > 0 ? "backing_off" : "passed_on", percent: activity.percent };
}
