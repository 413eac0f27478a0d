/** The payload of a job: one lane's turn at a bulk action. References only, never record ids. */
export type Turn = {
  readonly bulkActionId: string;
  readonly generation: number;
  /** Counts from 1. */
  readonly lane: number;
  /** Counts from 1 within its lane and generation. */
  readonly turn: number;
};

/** A turn on its way to the queue. */
export type NewTurn = Turn & {
  readonly actionType: string;
  /** The database's clock, so that the sweeper compares moments of one clock only. */
  readonly enqueuedAt: Date;
  readonly delayMs: number;
  /** The trace it belongs to, in BullMQ's own spelling: a W3C trace context as JSON. */
  readonly trace?: string | undefined;
};

/**
 * The first turns of a bulk action: one for each lane, no more lanes than chunks.
 *
 * @param window how many lanes one bulk action may have at once
 */
export function firstTurns(
  start: {
    readonly id: string;
    readonly actionType: string;
    readonly generation: number;
    readonly enqueuedAt: Date;
  },
  chunkCount: number,
  window: number,
): readonly NewTurn[] {
  return Array.from({ length: Math.min(chunkCount, window) }, (_, index) => ({
    bulkActionId: start.id,
    actionType: start.actionType,
    generation: start.generation,
    lane: index + 1,
    turn: 1,
    enqueuedAt: start.enqueuedAt,
    delayMs: 0,
  }));
}

/**
 * Whether this is a bulk action's first turn of all, or of a new generation. It is taken before every turn that goes on, so that a
 * small bulk action, which needs no other, does not wait for everybody's lanes to come round.
 */
export function isOpening({ lane, turn }: Pick<Turn, "lane" | "turn">): boolean {
  return lane === 1 && turn === 1;
}

/** A job taken from the queue, not yet believed. Throws when it cannot be a turn. */
export function parseTurn(value: unknown): Turn {
  if (typeof value === "object" && value !== null) {
    const { bulkActionId, generation, lane, turn } = value as Readonly<Record<string, unknown>>;
    if (isId(bulkActionId) && isCount(generation) && isCount(lane) && isCount(turn)) {
      return { bulkActionId, generation, lane, turn };
    }
  }
  throw new Error("This job is not a turn: expected bulkActionId, generation, lane and turn.");
}

/** The moment of a job's timestamp, in milliseconds since 1970. Throws when it is none. */
export function parseMoment(timestamp: number): Date {
  const moment = new Date(timestamp);
  if (Number.isNaN(moment.getTime())) throw new Error("This job is not a turn: its timestamp is no moment.");
  return moment;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** Of PostgreSQL's `integer`. */
const MOST = 2 ** 31 - 1;

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MOST;
}
