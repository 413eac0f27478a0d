import { countNotAttempted, countProcessed } from "@bulk/domain/action-outcome";
import { isOpen } from "@bulk/domain/bulk-action";
import { isUuid } from "@bulk/domain/is-uuid";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import { type ActionOverview, findActionOverview } from "@bulk/store/action-overview";
import { listTroubledChunks, type TroubledChunk, tellRefusal } from "@bulk/store/chunk-states";
import type { Database } from "@bulk/store/database";
import { countReasons } from "@bulk/store/tally";
import type { RequestHandler } from "express";

import { renderPage } from "./render-page.ts";

export type ActionPageOptions = {
  readonly database: Database;
  readonly turns: Pick<TurnQueue, "isPaused">;
  readonly basePath: string;
};

/** One bulk action for those who run the service: how far it is and why, without the id or a word of any record. */
export function showBulkAction({
  database,
  turns,
  basePath,
}: ActionPageOptions): RequestHandler<{ id: string }> {
  return async ({ params: { id } }, response, next) => {
    const overview = isUuid(id) ? await findActionOverview(database, id) : undefined;
    if (overview === undefined) return next();
    const [reasons, warnings, refused] = await Promise.all([
      countReasons(database, id),
      listWarnings(overview, turns),
      listTroubledChunks(database, id, TROUBLED_SHOWN),
    ]);
    const rows = reasons.map(({ code, count }) => [code, inGroups(count)]);
    await renderPage(response, "bulk-action", {
      ...{ basePath, id, warnings, account: overview.accountName, isOpen: isOpen(overview.status) },
      title: `${overview.actionType}: ${overview.status}`,
      percent: percentOf(overview),
      sections: [
        { heading: "Records", rows: describeRecords(overview) },
        ...(rows.length > 0 ? [{ heading: "Why skipped or failed", rows }] : []),
        { heading: "Lanes and chunks", rows: describeWork(overview) },
        ...(refused.length > 0
          ? [{ heading: "Chunks refused, now or earlier", rows: refused.map(nameRefusal) }]
          : []),
        { heading: "Moments", rows: describeMoments(overview) },
      ],
    });
  };
}

/** The first ten are enough to see a pattern. */
const TROUBLED_SHOWN = 10;

function nameRefusal(chunk: TroubledChunk): readonly [string, string] {
  const next = chunk.nextTryAt === null ? "finished" : "to be tried again";
  return [`At ${inGroups(chunk.position)}`, `${tellRefusal(chunk)}; ${next}`];
}

type Rows = readonly (readonly [string, string])[];

async function listWarnings(
  { status, isPaused: isHeld }: ActionOverview,
  turns: Pick<TurnQueue, "isPaused">,
): Promise<readonly string[]> {
  if (!isOpen(status)) return [];
  const held = isHeld ? ["It is paused: pnpm admin pauses says by whom and why."] : [];
  const isPaused = await turns.isPaused().catch(() => undefined);
  if (isPaused === undefined) return [...held, "The queue does not answer; nothing is lost meanwhile."];
  return isPaused ? [...held, "The queue is paused: no turn is taken until somebody resumes it."] : held;
}

function describeRecords(overview: ActionOverview): Rows {
  const { recordCount, deleted, skipped, failed } = overview;
  const rest = recordCount - countProcessed(overview);
  return [
    ["Submitted", inGroups(recordCount)],
    ["Deleted", inGroups(deleted)],
    ["Skipped", inGroups(skipped)],
    ["Failed", inGroups(failed)],
    isOpen(overview.status)
      ? ["Pending", inGroups(rest)]
      : ["Not attempted", inGroups(countNotAttempted(overview))],
  ];
}

function describeWork(overview: ActionOverview): Rows {
  const { chunks, finishedChunks, troubledChunks, generation, nextDueAt } = overview;
  const rows: Rows = [
    [
      "Generation",
      generation === 1 ? "1: the lanes were never started again" : `${generation}: started again`,
    ],
    ["Chunks", `${inGroups(finishedChunks)} of ${inGroups(chunks)} finished`],
    [
      "In trouble",
      troubledChunks === 0 ? "none" : `${inGroups(troubledChunks)}: refused by the database before`,
    ],
  ];
  return nextDueAt === null ? rows : [...rows, ["All wait until", inWords(nextDueAt)]];
}

function describeMoments(moments: ActionOverview): Rows {
  return [
    ["Created", inWords(moments.createdAt)],
    ["Started", inWords(moments.startedAt)],
    ["Last record done", inWords(moments.lastProgressAt)],
    ["Cancel requested", inWords(moments.cancelRequestedAt)],
    ["Finished", inWords(moments.finishedAt)],
  ];
}

function percentOf(overview: ActionOverview): number {
  if (!isOpen(overview.status)) return 100;
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
