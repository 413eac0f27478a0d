import type { Registry } from "@bulk/actions/registry";
import type { TurnEnding } from "@bulk/queue/turns/turn-ending";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";
import { recordActivity } from "@bulk/store/bulk-actions/record-activity";
import { type Settlement, settle } from "@bulk/store/bulk-actions/settle";
import type { Database } from "@bulk/store/database";
import type { WorkerMetrics } from "../observability/worker-metrics.ts";
import type { Permit } from "./brakes.ts";

/** Why a turn stopped trying chunks. */
export type Stop =
  | { readonly kind: "time_is_up" }
  /** The queue gave this turn to another worker. */
  | { readonly kind: "lost" }
  /** Another session has locked a table that every chunk needs. */
  | { readonly kind: "table_locked"; readonly dueInMs: number }
  /** No chunk is free that was never in trouble. */
  | { readonly kind: "none_healthy" }
  /** No chunk is free at all. */
  | { readonly kind: "none_free" }
  | Exclude<Permit, { readonly kind: "granted" }>;

/** How a turn ended. */
export type TurnEnd = {
  readonly ending: TurnEnding;
  /** Progress of the bulk action, 0 to 100, if the turn learned it. */
  readonly percent?: number | undefined;
};

export type EndTools = {
  readonly database: Database;
  readonly queue: Pick<TurnQueue, "addTurns">;
  readonly registry: Registry;
  readonly metrics: Pick<WorkerMetrics, "settled">;
};

/**
 * Decides how a stopped turn ends, and ends it: settles the bulk action, adds the lane's next turn, or leaves the rest
 * to other lanes. Returns `undefined` when the turn must go on because a chunk in trouble is due.
 */
export async function endTurn(turn: TakenTurn, stop: Stop, tools: EndTools): Promise<TurnEnd | undefined> {
  const decision = await decide(turn, stop, tools);
  switch (decision.kind) {
    case "go_on":
      return undefined;
    case "end":
      return decision;
    case "pass_on":
      // The bulk action was canceled or restarted meanwhile. This lane may be the last that had a chunk.
      return (await passOn(turn, decision, tools)) ?? (await endTurn(turn, { kind: "none_free" }, tools));
  }
}

type Decision =
  | (TurnEnd & { readonly kind: "end" })
  | { readonly kind: "pass_on"; readonly ending: TurnEnding; readonly delayMs: number }
  | { readonly kind: "go_on" };

async function decide(turn: TakenTurn, stop: Stop, tools: EndTools): Promise<Decision> {
  switch (stop.kind) {
    case "lost":
      return { kind: "end", ending: stop.kind };
    // Chunks may be left, so the next turn settles.
    case "time_is_up":
      return { kind: "pass_on", ending: "passed_on", delayMs: 0 };
    case "table_locked":
    case "braked":
      return { kind: "pass_on", ending: stop.kind, delayMs: stop.dueInMs };
    default: {
      const settlement = await settle(tools.database, turn.bulkActionId, tools.registry);
      tools.metrics.settled(settlement);
      return decideBySettlement(turn, stop, settlement);
    }
  }
}

type UnsureStop = Exclude<Stop, { readonly kind: "lost" | "time_is_up" | "table_locked" | "braked" }>;

function decideBySettlement(turn: TakenTurn, stop: UnsureStop, settlement: Settlement): Decision {
  if (settlement.kind === "settled") return { kind: "end", ending: "settled", percent: 100 };
  if (stop.kind === "paused") return { kind: "end", ending: stop.kind };
  const percent = settlement.kind === "open" ? settlement.percent : 100;
  const nothingLeft: Decision = { kind: "end", ending: "nothing_left", percent };
  if (!isOpenFor(turn, settlement)) return nothingLeft;
  switch (stop.kind) {
    case "none_free":
      return nothingLeft;
    case "throttled":
    case "replica_lags":
      return { kind: "pass_on", ending: stop.kind, delayMs: stop.dueInMs };
    case "none_healthy":
      if (settlement.troubledCount > 0) return { kind: "go_on" };
      if (settlement.dueInMs === 0) return nothingLeft;
      return { kind: "pass_on", ending: "backing_off", delayMs: settlement.dueInMs };
  }
}

type OpenSettlement = Extract<Settlement, { readonly kind: "open" }>;

/** Whether the turn's generation may still begin chunks. */
function isOpenFor(turn: TakenTurn, settlement: Settlement): settlement is OpenSettlement {
  return settlement.kind === "open" && !settlement.isCanceled && settlement.generation === turn.generation;
}

/** Adds the lane's next turn. Returns `undefined`, and adds none, when the turn's generation has ended. */
async function passOn(
  { bulkActionId, actionType, generation, lane, turn, trace }: TakenTurn,
  { ending, delayMs }: { readonly ending: TurnEnding; readonly delayMs: number },
  { database, queue }: EndTools,
): Promise<TurnEnd | undefined> {
  const enqueuedAt = await recordActivity(database, bulkActionId, generation);
  if (enqueuedAt === undefined) return undefined;
  const next = { bulkActionId, actionType, generation, lane, turn: turn + 1, trace };
  await queue.addTurns([{ ...next, enqueuedAt, delayMs }]);
  return { ending };
}
