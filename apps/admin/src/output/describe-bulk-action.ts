import { countNotAttempted, countProcessed, judge } from "@bulk/domain/bulk-actions/action-outcome";
import type { Braking } from "@bulk/domain/bulk-actions/bulk-action";
import { tellBrakeReason, tellSlowdown } from "@bulk/domain/bulk-actions/describe-braking";
import { nameTally } from "@bulk/domain/bulk-actions/outcome";
import { effectWord } from "@bulk/domain/bulk-actions/record-effect";
import { counted } from "@bulk/domain/counted";
import { countReasons } from "@bulk/store/bulk-actions/tally";
import {
  type ChunkStates,
  countChunkStates,
  describeRefusal,
  listTroubledChunks,
  type TroubledChunk,
} from "@bulk/store/chunks/chunk-states";
import type { Database } from "@bulk/store/database";
import { listPausesOf } from "@bulk/store/operations/pauses";
import type { BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import { knownActions } from "../known-actions.ts";
import { describePause } from "./describe-pause.ts";
import { showMoment } from "./lines.ts";

/** A bulk action as operators see it. */
export type Description = Awaited<ReturnType<typeof describeBulkAction>>;

/** Returns a bulk action with its counts, reasons and the states of its chunks, without record ids. */
export async function describeBulkAction(database: Database, progress: BulkActionProgress) {
  return {
    ...summarize(progress),
    pauses: await listPausesOf(database, progress.id),
    reasons: await countReasons(database, progress.id),
    chunks: await countChunkStates(database, progress.id),
    // Without what the database said: the output may end up in a log, and it may quote records.
    troubledChunks: (await listTroubledChunks(database, progress.id, TROUBLED_SHOWN)).map(
      ({ lastError: _, ...chunk }) => chunk,
    ),
  };
}

/** Enough to see a pattern. */
const TROUBLED_SHOWN = 10;

/** Returns a bulk action with its counts. */
export function summarize({ idWeight: _, ...progress }: BulkActionProgress) {
  return {
    ...progress,
    outcome: judge(progress) ?? null,
    processed: countProcessed(progress),
    notAttempted: countNotAttempted(progress),
  };
}

/** Formats it as lines for people. */
export function toLines(description: Description): readonly string[] {
  const { pauses, reasons, troubledChunks } = description;
  return [
    `${description.id}  ${description.actionType}`,
    `status      ${description.status}${description.outcome === null ? "" : ` (${description.outcome})`}`,
    ...pauses.map((pause) => `paused      ${describePause(pause)}`),
    ...(description.braked ? [`slow        ${tellBraking(description.braked)}`] : []),
    `records     ${description.recordCount}: ${tellCounts(description)}`,
    ...reasons.map(({ code, count }) => `            ${count} × ${code}`),
    `chunks      ${tellChunks(description.chunks)}`,
    ...troubledChunks.map((chunk) => `            ${tellTrouble(chunk)}`),
    `account     ${description.accountId}`,
    `created     ${showMoment(description.createdAt)} by ${description.createdBy?.name ?? "an operator, or a token that is gone"}`,
    `started     ${showMoment(description.startedAt)}`,
    `last record ${showMoment(description.lastProgressAt)}`,
    `canceled    ${showMoment(description.cancelRequestedAt)}`,
    `ended       ${showMoment(description.finishedAt)}`,
    ...(description.retryOfId === null ? [] : [`retry of    ${description.retryOfId}`]),
    ...(description.restoreOfId === null ? [] : [`restore of  ${description.restoreOfId}`]),
    ...(description.restorableUntil === null
      ? []
      : [
          `restorable  until ${showMoment(description.restorableUntil)}; ${counted(description.restoredCount, "record")} restored`,
        ]),
  ];
}

/** Formats its counts in one line. */
export function tellCounts(counts: ReturnType<typeof summarize>): string {
  const { notAttempted, recordCount, processed } = counts;
  const tally = Object.entries(nameTally(counts, effectWord(knownActions(), counts.actionType)));
  const rest =
    counts.outcome === null ? `${recordCount - processed} pending` : `${notAttempted} not attempted`;
  return [...tally.map(([name, count]) => `${count} ${name}`), rest].join(", ");
}

function tellBraking(braking: Braking): string {
  const since = showMoment(new Date(1_000 * braking.sinceSeconds));
  return `${tellBrakeReason(braking)}  since ${since}: ${tellSlowdown(braking)}`;
}

function tellChunks(states: ChunkStates): string {
  return Object.entries(states)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state.replace("_", " ")}`)
    .join(", ");
}

function tellTrouble(chunk: Omit<TroubledChunk, "lastError">): string {
  const { position, recordCount, doneCount, failedCount, attempts, nextTryAt } = chunk;
  const done = `${doneCount} of ${recordCount} done, ${failedCount} failed, ${counted(attempts, "attempt")}`;
  const next = nextTryAt === null ? "finished" : `next try after ${showMoment(nextTryAt)}`;
  return `at ${position}: ${describeRefusal(chunk)}; ${done}; ${next}`;
}
