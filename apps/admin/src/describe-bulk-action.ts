import { countNotAttempted, countProcessed, judge } from "@bulk/domain/action-outcome";
import { counted } from "@bulk/domain/counted";
import type { BulkActionProgress } from "@bulk/store/bulk-action-progress";
import {
  type ChunkStates,
  countChunkStates,
  listTroubledChunks,
  type TroubledChunk,
  tellRefusal,
} from "@bulk/store/chunk-states";
import type { Database } from "@bulk/store/database";
import { listPausesOf } from "@bulk/store/pauses";
import { countReasons } from "@bulk/store/tally";
import { describePause } from "./describe-pause.ts";
import { showMoment } from "./lines.ts";

/** What an operator is told of a bulk action. */
export type Description = Awaited<ReturnType<typeof describeBulkAction>>;

/** A bulk action with its counts, its reasons, and how its chunks stand; never a record. */
export async function describeBulkAction(database: Database, progress: BulkActionProgress) {
  return {
    ...summarize(progress),
    pauses: await listPausesOf(database, progress.id),
    reasons: await countReasons(database, progress.id),
    chunks: await countChunkStates(database, progress.id),
    troubledChunks: await listTroubledChunks(database, progress.id, TROUBLED_SHOWN),
  };
}

/** The first ten are enough to see a pattern. */
const TROUBLED_SHOWN = 10;

/** A bulk action with its counts. */
export function summarize(progress: BulkActionProgress) {
  return {
    ...progress,
    outcome: judge(progress) ?? null,
    processed: countProcessed(progress),
    notAttempted: countNotAttempted(progress),
  };
}

/** The same for people. */
export function toLines(description: Description): readonly string[] {
  const { pauses, reasons, troubledChunks } = description;
  return [
    `${description.id}  ${description.actionType}`,
    `status      ${description.status}${description.outcome === null ? "" : ` (${description.outcome})`}`,
    ...pauses.map((pause) => `paused      ${describePause(pause)}`),
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
  ];
}

/** Its counts in one line. */
export function tellCounts(counts: ReturnType<typeof summarize>): string {
  const { deleted, skipped, failed, notAttempted, recordCount, processed } = counts;
  const rest =
    counts.outcome === null ? `${recordCount - processed} pending` : `${notAttempted} not attempted`;
  return `${deleted} deleted, ${skipped} skipped, ${failed} failed, ${rest}`;
}

function tellChunks(states: ChunkStates): string {
  return Object.entries(states)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state.replace("_", " ")}`)
    .join(", ");
}

function tellTrouble(chunk: TroubledChunk): string {
  const { position, recordCount, doneCount, failedCount, attempts, nextTryAt } = chunk;
  const done = `${doneCount} of ${recordCount} done, ${failedCount} failed, ${counted(attempts, "attempt")}`;
  const next = nextTryAt === null ? "finished" : `next try after ${showMoment(nextTryAt)}`;
  return `at ${position}: ${tellRefusal(chunk)}; ${done}; ${next}`;
}
