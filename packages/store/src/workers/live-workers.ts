import type { Database } from "../database.ts";

/** A turn that a worker runs. */
export type LiveTurn = {
  readonly bulkActionId: string;
  readonly actionType: string;
  readonly lane: number;
  readonly since: Date;
};

/** A worker that runs, and what it does. */
export type LiveWorker = {
  /** Of this start of the process. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** How many turns it runs at once, beside a first turn. */
  readonly places: number;
  readonly turns: readonly LiveTurn[];
  /** How many records got an outcome, between its last two beats. */
  readonly recordsPerSecond: number;
};

/** How long a worker counts as running after its last beat. */
const SEEN_SECONDS = 10;

/** The most workers of one list. */
const MOST_WORKERS = 500;

/** Lists the workers that run, by host. For operators only. */
export async function listLiveWorkers(database: Database): Promise<readonly LiveWorker[]> {
  const rows = await database.$queryRaw<WorkerRow[]>`
    SELECT id, host, pid, version, started_at AS "startedAt", seen_at AS "seenAt", places, turns,
           records_per_second AS "recordsPerSecond"
    FROM bulk.workers WHERE seen_at > clock_timestamp() - make_interval(secs => ${SEEN_SECONDS})
    ORDER BY host, pid, id LIMIT ${MOST_WORKERS}`;
  return rows.map((row) => ({
    ...row,
    turns: row.turns.map(({ ranMs, ...turn }) => ({ ...turn, since: new Date(Number(row.seenAt) - ranMs) })),
  }));
}

type WorkerRow = Omit<LiveWorker, "turns"> & { readonly turns: readonly StoredTurn[] };

/** A turn in the column `turns`. Its time is relative: the clocks of machines differ. */
export type StoredTurn = Omit<LiveTurn, "since"> & { readonly ranMs: number };
