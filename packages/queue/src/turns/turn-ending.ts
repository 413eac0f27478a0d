/** How a turn ended: `ending` in the return value of its job. A turn that fails has none; its job has a failed reason. */
export type TurnEnding =
  | "passed_on"
  | "settled"
  | "nothing_left"
  | "backing_off"
  | "table_locked"
  | "lost"
  | "paused"
  | "throttled"
  | "braked"
  | "replica_lags";

/** What each ending means, for operators. docs/operations.md has the same table. */
export const TURN_ENDINGS: Readonly<Record<TurnEnding, string>> = {
  passed_on: "its time was up; the lane's next turn is at the back of the queue",
  settled: "this turn wrote the terminal status",
  nothing_left: "nothing is left for this lane: other lanes work on the rest, or all is done",
  backing_off: "every remaining chunk waits after a lock or time-out; the next turn is delayed",
  table_locked: "another session has locked a whole table; the next turn is delayed by 1 s",
  lost: "the queue gave the turn to another worker",
  paused: "the bulk action is paused; its lanes restart after the pause",
  throttled: "the throttle's budget is spent; the next turn is delayed by up to 1 s",
  braked: "others use the database, so other lanes work; the next turn is delayed by up to 1 s",
  replica_lags: "a replica is too far behind; the next turn is delayed by 1 s",
};

/**
 * Returns whether a turn that ended so and wrote no outcome tells nobody anything. A throttled or braked bulk action has
 * several of them a second.
 */
export function isIdle(ending: TurnEnding): boolean {
  return ending !== "passed_on" && ending !== "settled";
}

/** Returns the meaning of an ending. A worker of a newer version may write one that is unknown here. */
export function explainEnding(ending: string): string {
  return isTurnEnding(ending) ? TURN_ENDINGS[ending] : "from a newer version";
}

function isTurnEnding(ending: string): ending is TurnEnding {
  return Object.hasOwn(TURN_ENDINGS, ending);
}
