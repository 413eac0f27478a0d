import { cacheFor } from "@bulk/service/timing/cache-for";
import { withinOr } from "@bulk/service/timing/deadline";
import type { Express } from "express";
import type { WorkLog } from "./work-log.ts";

export type WorkHealthTools = {
  readonly work: Pick<WorkLog, "silentMs" | "running">;
  /** How long ago pauses changed. Work that was paused until then has been due since then only. */
  readonly pausesUnchangedMs: () => number;
  /** How long this process may take no turn while there is work. */
  readonly stallSeconds: number;
  /** How long one turn may take at most, running statements included. */
  readonly longestTurnMs: number;
  /** Returns for how many seconds work has made no progress; `undefined` if for less than `quietSeconds`. */
  readonly findDueWork: (quietSeconds: number) => Promise<number | undefined>;
  /** Returns whether the queue is paused in Bull Board. Throws when the queue does not respond. */
  readonly isQueuePaused: () => Promise<boolean>;
};

export type WorkReport = {
  /** Only `stalled` is a fault of this process, and fixed by a restart. */
  readonly status: "ok" | "stalled" | "unknown";
  readonly reason: string;
  readonly turns_running: number;
  /** Since a turn last began or ended in this process. */
  readonly silent_seconds: number;
};

const DEADLINE_MS = 2_000;
const SHARED_FOR_MS = 1_000;

/**
 * Adds `/health/work`: 503 when there has been work for `stallSeconds` and this process took none of it. A process whose
 * port and connections respond can still be stalled, so a plain liveness probe does not notice.
 */
export function addWorkHealth(app: Express, tools: WorkHealthTools): void {
  const examine = cacheFor(SHARED_FOR_MS, () => examineWork(tools));
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
  const dueFor = await withinOr(DEADLINE_MS, findDueWork(stallSeconds), "unknown");
  if (dueFor === "unknown")
    return { status: "unknown", reason: "The database does not say whether there is work." };
  if (dueFor === undefined)
    return { status: "ok", reason: "There is nothing to do that no operator has paused." };
  const isPaused = await withinOr(DEADLINE_MS, isQueuePaused(), "unknown");
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
