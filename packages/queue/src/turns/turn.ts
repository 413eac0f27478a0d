/** The payload of a job: one turn of a lane at a bulk action. It has references only, never record ids. */
export type Turn = {
  readonly bulkActionId: string;
  readonly generation: number;
  /** Counts from 1. */
  readonly lane: number;
  /** Counts from 1 within its lane and generation. */
  readonly turn: number;
};

/** A turn to be added to the queue. */
export type NewTurn = Turn & {
  readonly actionType: string;
  /** By the database's clock, so that the sweeper compares times of one clock only. */
  readonly enqueuedAt: Date;
  readonly delayMs: number;
  /** Its trace in BullMQ's format: a W3C trace context as JSON. */
  readonly trace?: string | undefined;
};

/**
 * Returns the first turns of a bulk action: one for each lane, with no more lanes than chunks.
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
 * Returns the first turns of a bulk action that was just created.
 *
 * @param window how many lanes one bulk action may have at once
 */
export function turnsOfCreated(
  bulkAction: {
    readonly id: string;
    readonly actionType: string;
    readonly createdAt: Date;
    readonly recordCount: number;
  },
  { chunkSize, window }: { readonly chunkSize: number; readonly window: number },
): readonly NewTurn[] {
  const { id, actionType, createdAt, recordCount } = bulkAction;
  const start = { id, actionType, generation: 1, enqueuedAt: createdAt };
  return firstTurns(start, Math.ceil(recordCount / chunkSize), window);
}

/**
 * Returns whether this is the very first turn of a bulk action or of a new generation. It runs before all turns that
 * continue, so that a small bulk action, which needs no other turn, does not wait for the lanes of large ones.
 */
export function isOpening({ lane, turn }: Pick<Turn, "lane" | "turn">): boolean {
  return lane === 1 && turn === 1;
}

/** Returns the id of a turn's job. */
export function jobIdOf({ bulkActionId, generation, lane, turn }: Turn): string {
  return `${bulkActionId}-${generation}-${lane}-${turn}`;
}

/** Parses the payload of a job, which anybody may have written. Throws when it is not a turn. */
export function parseTurn(value: unknown): Turn {
  if (typeof value === "object" && value !== null) {
    const { bulkActionId, generation, lane, turn } = value as Readonly<Record<string, unknown>>;
    if (isId(bulkActionId) && isCount(generation) && isCount(lane) && isCount(turn)) {
      return { bulkActionId, generation, lane, turn };
    }
  }
  throw new Error("This job is not a turn: expected bulkActionId, generation, lane and turn.");
}

/** Parses the timestamp of a job, in milliseconds since 1970. Throws when it is not a time. */
export function parseMoment(timestamp: number): Date {
  const moment = new Date(timestamp);
  if (Number.isNaN(moment.getTime())) throw new Error("This job is not a turn: its timestamp is not a time.");
  return moment;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** The largest `integer` of PostgreSQL. */
const MOST = 2 ** 31 - 1;

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MOST;
}
