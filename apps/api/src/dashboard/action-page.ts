import { countNotAttempted, countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { type Braking, isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { tellBrakeReason, tellSlowdown } from "@bulk/domain/bulk-actions/describe-braking";
import { effectWord, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { isUuid } from "@bulk/domain/is-uuid";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import { type ActionOverview, findActionOverview } from "@bulk/store/bulk-actions/reading/action-overview";
import { countReasons } from "@bulk/store/bulk-actions/tally";
import { describeRefusal, listTroubledChunks, type TroubledChunk } from "@bulk/store/chunks/chunk-states";
import type { Database } from "@bulk/store/database";
import { listPausesOf, type Pause } from "@bulk/store/operations/pauses";
import type { RequestHandler } from "express";

import { renderPage } from "./render-page.ts";

export type ActionPageOptions = {
  readonly database: Database;
  readonly turns: Pick<TurnQueue, "isPaused">;
  /** The words for applied records, by action type. */
  readonly effects: RecordEffects;
  readonly basePath: string;
};

/** Serves the operators' page of one bulk action: its progress and problems, without ids or content of records. */
export function showBulkAction({
  database,
  turns,
  effects,
  basePath,
}: ActionPageOptions): RequestHandler<{ id: string }> {
  return async ({ params: { id } }, response, next) => {
    const overview = isUuid(id) ? await findActionOverview(database, id) : undefined;
    if (overview === undefined) return next();
    const [reasons, warnings, refused] = await Promise.all([
      countReasons(database, id),
      listWarnings(overview, turns, database),
      listTroubledChunks(database, id, TROUBLED_SHOWN),
    ]);
    const rows = reasons.map(({ code, count }) => [code, inGroups(count)]);
    await renderPage(response, "bulk-action", {
      basePath,
      id,
      warnings,
      account: overview.accountName,
      isOpen: isOpen(overview.status),
      title: `${overview.actionType}: ${overview.status}`,
      percent: percentOf(overview),
      sections: [
        { heading: "Records", rows: describeRecords(overview, effects) },
        ...(rows.length > 0 ? [{ heading: "Why skipped or failed", rows }] : []),
        { heading: "Lanes and chunks", rows: describeWork(overview) },
        ...(overview.braked ? [{ heading: "Slow on purpose", rows: describeBraking(overview.braked) }] : []),
        ...(refused.length > 0
          ? [{ heading: "Chunks refused by the database", rows: refused.map(nameRefusal) }]
          : []),
        { heading: "Times", rows: describeTimes(overview) },
      ],
    });
  };
}

/** Enough to see a pattern. */
const TROUBLED_SHOWN = 10;

function nameRefusal(chunk: TroubledChunk): readonly [string, string] {
  const next = chunk.nextTryAt === null ? "finished" : "will be tried again";
  return [`At ${inGroups(chunk.position)}`, `${describeRefusal(chunk)}; ${next}`];
}

type Rows = readonly (readonly [string, string])[];

async function listWarnings(
  { id, status, isPaused: isHeld }: ActionOverview,
  turns: Pick<TurnQueue, "isPaused">,
  database: Database,
): Promise<readonly string[]> {
  if (!isOpen(status)) return [];
  const held = isHeld ? (await listPausesOf(database, id)).map(describeHold) : [];
  const isPaused = await turns.isPaused().catch(() => undefined);
  if (isPaused === undefined) return [...held, "The queue is unavailable. No work is lost."];
  return isPaused ? [...held, "The queue is paused. No turn runs until an operator resumes it."] : held;
}

function describeHold({ scope, reason }: Pause): string {
  if (scope.kind !== "declaration") {
    return "This bulk action is paused. Run pnpm admin pauses to see who paused it and why.";
  }
  return `The database differs from the declaration of ${scope.actionType}, so no chunk is begun: ${reason}.`;
}

function describeRecords(overview: ActionOverview, effects: RecordEffects): Rows {
  const { actionType, recordCount, applied, skipped, failed } = overview;
  const effect = effectWord(effects, actionType);
  const rest = recordCount - countProcessed(overview);
  return [
    ["Submitted", inGroups(recordCount)],
    [effect.charAt(0).toUpperCase() + effect.slice(1), inGroups(applied)],
    ["Skipped", inGroups(skipped)],
    ["Failed", inGroups(failed)],
    isOpen(overview.status)
      ? ["Pending", inGroups(rest)]
      : ["Not attempted", inGroups(countNotAttempted(overview))],
    ...describeOrigin(overview),
  ];
}

function describeOrigin({ retryOfId, restoreOfId, restoredCount, restorableUntil }: ActionOverview): Rows {
  return [
    ...(restoredCount > 0 || restorableUntil !== null
      ? ([["Brought back by restores", inGroups(restoredCount)]] as const)
      : []),
    ...(retryOfId === null ? [] : ([["Retry of", retryOfId]] as const)),
    ...(restoreOfId === null ? [] : ([["Restore of", restoreOfId]] as const)),
  ];
}

function describeWork(overview: ActionOverview): Rows {
  const { chunks, finishedChunks, troubledChunks, generation, nextDueAt } = overview;
  const rows: Rows = [
    ["Generation", generation === 1 ? "1: never restarted" : `${generation}: restarted`],
    ["Chunks", `${inGroups(finishedChunks)} of ${inGroups(chunks)} finished`],
    [
      "In trouble",
      troubledChunks === 0 ? "none" : `${inGroups(troubledChunks)} refused by the database at least once`,
    ],
  ];
  return nextDueAt === null ? rows : [...rows, ["Next try", inWords(nextDueAt)]];
}

function describeBraking(braking: Braking): Rows {
  const { sinceSeconds, recordsPerSecond } = braking;
  return [
    ["Reason", tellBrakeReason(braking)],
    ["Since", inWords(new Date(1_000 * sinceSeconds))],
    ["Latency of the shop", tellSlowdown(braking)],
    ["Records per second", recordsPerSecond === null ? "–" : inGroups(Math.round(recordsPerSecond))],
  ];
}

function describeTimes(overview: ActionOverview): Rows {
  return [
    ["Created", inWords(overview.createdAt)],
    ["Started", inWords(overview.startedAt)],
    ["Last progress", inWords(overview.lastProgressAt)],
    ["Cancel requested", inWords(overview.cancelRequestedAt)],
    ["Finished", inWords(overview.finishedAt)],
    ["Restorable until", inWords(overview.restorableUntil)],
  ];
}

function percentOf(overview: ActionOverview): number {
  return Math.floor((100 * countProcessed(overview)) / overview.recordCount);
}

/** `1,000,000` */
function inGroups(count: number): string {
  return count.toLocaleString("en");
}

/** `2026-11-26 14:30:02 UTC` */
function inWords(moment: Date | null): string {
  return moment === null ? "–" : `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
