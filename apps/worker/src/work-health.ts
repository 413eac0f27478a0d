import { answerOr } from "@bulk/service/answer-or";
import { shareBriefly } from "@bulk/service/share-briefly";
import type { Express } from "express";
import type { WorkLog } from "./work-log.ts";

export type WorkHealthTools = {
  readonly work: Pick<WorkLog, "silentMs" | "running">;
  /** How long ago an operator's pauses changed: what was paused until then has not been due for longer. */
  readonly pausesUnchangedMs: () => number;
  /** How long without a turn is suspicious while there is work. */
  readonly stallSeconds: number;
  /** How much longer one turn may take than its time: the statements it may be in. */
  readonly longestTurnMs: number;
  /** For how many seconds there has been work that makes no progress, if for so long. */
  readonly findDueWork: (quietSeconds: number) => Promise<number | undefined>;
  /** Whether somebody paused the queue in Bull Board. Throws when it does not answer. */
  readonly isQueuePaused: () => Promise<boolean>;
};

export type WorkReport = {
  /** Only `stalled` is this process's fault, and mended by a restart. */
  readonly status: "ok" | "stalled" | "unknown";
  readonly reason: string;
  readonly turns_running: number;
  /** Since a turn last began or ended here. */
  readonly silent_seconds: number;
};

const DEADLINE_MS = 2_000;
const SHARED_FOR_MS = 1_000;

/**
 * Adds `/health/work`, honest liveness: 503 when there has been work for `stallSeconds` and this process took none of
 * it. That a process answers, or its connections do, says nothing about that.
 */
export function addWorkHealth(app: Express, tools: WorkHealthTools): void {
  const examine = shareBriefly(SHARED_FOR_MS, () => examineWork(tools));
  app.get("/health/work", async (_request, response) => {
    const report = await examine();
    response.status(report.status === "stalled" ? 503 : 200).json(report);
  });
}

async function examineWork(tools: WorkHealthTools): Promise<WorkReport> {
  const turns = tools.work.running();
  const silentMs = tools.work.silentMs();
  const verdict = await judge(turns, silentMs, tools);
  return { ...verdict, turns_running: turns, silent_seconds: Math.floor(silentMs / 1000) };
}

type Verdict = Pick<WorkReport, "status" | "reason">;

async function judge(turns: number, silentMs: number, tools: WorkHealthTools): Promise<Verdict> {
  const { stallSeconds, longestTurnMs, pausesUnchangedMs, findDueWork, isQueuePaused } = tools;
  const patienceMs = stallSeconds * 1000 + (turns > 0 ? longestTurnMs : 0);
  if (silentMs <= patienceMs) return { status: "ok", reason: "Turns are taken, or were a moment ago." };
  if (pausesUnchangedMs() <= patienceMs) {
    return { status: "ok", reason: "An operator paused or resumed work a moment ago." };
  }
  const dueFor = await answerOr(findDueWork(stallSeconds), "unknown", DEADLINE_MS);
  if (dueFor === "unknown")
    return { status: "unknown", reason: "The database does not say whether there is work." };
  if (dueFor === undefined)
    return { status: "ok", reason: "There is nothing to do that no operator has paused." };
  const isPaused = await answerOr(isQueuePaused(), "unknown", DEADLINE_MS);
  if (isPaused === "unknown") {
    return { status: "unknown", reason: "There is work, but the queue does not answer." };
  }
  if (isPaused)
    return { status: "ok", reason: "There is work, but somebody paused the queue in Bull Board." };
  return {
    status: "stalled",
    reason: `There has been work for ${dueFor} s, and this worker takes none of it.`,
  };
}
