import type { Job } from "bullmq";
import { type QueueEngine, TURN_QUEUE } from "../engines/connection.ts";
import { type JobSignals, type StoppableWorker, startNativeWorker } from "../engines/native-worker.ts";
import { turnWorkerPoolSize } from "../engines/pool-sizes.ts";
import { jobIdOf, parseMoment, parseTurn, type Turn } from "./turn.ts";
import { isIdle, type TurnEnding } from "./turn-ending.ts";
import { inTrace } from "./turn-trace.ts";

/** A turn that a worker has taken. */
export type TakenTurn = Turn & {
  readonly actionType: string;
  readonly enqueuedAt: Date;
  /** How long after `enqueuedAt` it became due. */
  readonly delayMs: number;
  /** Its trace, for the next turn; the active one while the turn runs. */
  readonly trace?: string | undefined;
  /** Aborted when the worker stops: finish the current chunk and pass the lane on. */
  readonly stopping: AbortSignal;
  /** Aborted when the queue gave the job, and so the lane, to another worker. */
  readonly lost: AbortSignal;
};

/** The result of a turn, for people who watch the queue. */
export type TurnReport = {
  /** Progress of the whole bulk action, 0 to 100, if the turn learned it. */
  readonly percent: number | undefined;
  /** How many records have their outcome from this turn. Of most turns without any, no job is kept. */
  readonly recordCount: number;
  /** The job's return value. */
  readonly summary: Readonly<Record<string, string | number>> & { readonly ending: TurnEnding };
};

export type TurnWorkerOptions = {
  readonly engine: QueueEngine;
  /** How many turns this process takes at once. */
  readonly concurrency: number;
  readonly takeTurn: (turn: TakenTurn) => Promise<TurnReport>;
  readonly onError: (error: Error) => void;
};

/** Starts taking turns from the configured engine. */
export function startTurnWorker({
  engine,
  concurrency,
  takeTurn,
  onError,
}: TurnWorkerOptions): StoppableWorker {
  return startNativeWorker({
    queueName: TURN_QUEUE,
    engine,
    concurrency,
    onError,
    poolSize: turnWorkerPoolSize(concurrency),
    retention: {
      removeOnComplete: { count: 1_000, age: 24 * 3600 },
      removeOnFail: { count: 1_000, age: 7 * 24 * 3600 },
    },
    runJob: (job, signals) => runTurn(job, signals, takeTurn),
  });
}

async function runTurn(
  job: Job,
  { isOver, ...signals }: JobSignals,
  takeTurn: TurnWorkerOptions["takeTurn"],
): Promise<TurnReport["summary"]> {
  const trace = job.opts.telemetry?.metadata;
  const turn = {
    ...parseTurn(job.data),
    actionType: job.name,
    enqueuedAt: parseMoment(job.timestamp),
    delayMs: job.opts.delay ?? 0,
    trace,
    ...signals,
  };
  const { percent, recordCount, summary } = await inTrace(trace, () => takeTurn(turn));
  if (percent !== undefined) await job.updateProgress(percent);
  const isWorthless = recordCount === 0 && isIdle(summary.ending);
  // BullMQ reads this option of the job when it completes.
  if (isWorthless && (await isNeverAddedAgain(turn, isOver))) job.opts.removeOnComplete = true;
  return summary;
}

/*
 * A turn that may run again, because its worker stalled or an operator retries it, adds its next turn again. The queue
 * ignores that only as long as it has the next turn's job. Otherwise the bulk action would have a lane too many.
 */
async function isNeverAddedAgain(turn: Turn, isOver: JobSignals["isOver"]): Promise<boolean> {
  if (turn.turn === 1) return true;
  // If the queue does not respond, the job stays.
  return await isOver(jobIdOf({ ...turn, turn: turn.turn - 1 })).catch(() => false);
}
