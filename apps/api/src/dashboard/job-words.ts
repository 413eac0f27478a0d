import { parseTurn, type Turn } from "@bulk/queue/turn";

/** A job's payload as a turn; `undefined` if it is none, which must not cost the sight of all the others. */
export function findTurn(data: unknown): Turn | undefined {
  try {
    return parseTurn(data);
  } catch {
    return undefined;
  }
}

/** `delete_products 1f0c2a9b · lane 2 · turn 7` */
export function nameTurn({ name, data }: { readonly name: string; readonly data: unknown }): string {
  const turn = findTurn(data);
  if (turn === undefined) return `${name} · not a turn`;
  return `${name} ${turn.bulkActionId.slice(0, 8)} · lane ${turn.lane} · turn ${turn.turn}`;
}

/** `endpoint 1f0c2a9b` */
export function nameDelivery({ id }: { readonly id?: string | number | null | undefined }): string {
  return `endpoint ${String(id ?? "").slice(0, 8)}`;
}

/** What a turn returned, its ending in words besides. */
export function explainReturn(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { ending, ...counts }: Readonly<Record<string, unknown>> = { ...value };
  if (typeof ending !== "string") return value;
  return { ending, meaning: MEANINGS[ending] ?? "from a newer version", ...counts };
}

const MEANINGS: Readonly<Record<string, string>> = {
  passed_on: "time was up; the lane's next turn is at the back of the queue",
  settled: "this turn wrote the terminal status",
  nothing_left: "other lanes have what is left, or it is done",
  backing_off: "every chunk left waits after a lock or time-out; the next turn is delayed",
  table_locked: "somebody else has locked a whole table; the next turn is delayed",
  paused: "the bulk action is paused; its lanes start again after that",
  throttled: "the throttle's budget is spent; the next turn is delayed",
  replica_lags: "a replica is too far behind; the next turn is delayed",
  lost: "the queue gave the turn to another worker",
};
