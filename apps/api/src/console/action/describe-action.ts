import { countNotAttempted, countProcessed, judge } from "@bulk/domain/bulk-actions/action-outcome";
import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { explain, nameOutcome, RECORD_OUTCOMES, type RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import { effectWord } from "@bulk/domain/bulk-actions/record-effect";
import type { ActionOverview } from "@bulk/store/bulk-actions/reading/action-overview";
import { describeRefusal, type TroubledChunk } from "@bulk/store/chunks/chunk-states";
import { NO_USERS } from "../../sign-in/require-user.ts";
import { CHANGES } from "../changes/changes.ts";
import type { ConsoleContext } from "../context.ts";
import { describeBraking } from "../render/describe-braking.ts";
import { type Notice, noticePause, noticeThrottle } from "../render/notice.ts";
import { showAddress } from "../render/show-address.ts";
import { countRecords, inWords } from "../render/words.ts";
import { type ActionView, ENTRIES_SHOWN, TROUBLED_SHOWN } from "./read-actions.ts";
import { listMoments } from "./timeline.ts";

/** What the page of a bulk action shows, in words. */
export type ActionContent = Awaited<ReturnType<typeof describeAction>>;

/** Describes a bulk action for its page. */
export async function describeAction(view: ActionView, context: ConsoleContext) {
  const { overview, reasons } = view;
  const { registry } = context.api;
  const effect = effectWord(registry, overview.actionType);
  const skips = registry.get(overview.actionType)?.skips;
  return {
    ...view,
    title: `${inWords(overview.actionType)}, ${countRecords(overview.recordCount)}`,
    state: nameState(overview),
    isOpen: isOpen(overview.status),
    processed: countProcessed(overview),
    notices: await listNotices(view, context),
    outcomes: listOutcomes(overview, effect),
    reasons: reasons?.map(({ code, count }) => ({ code, count, ...explain(code, skips) })),
    haveReasonsGrown: reasons !== undefined && sumOf(reasons) < overview.skipped + overview.failed,
    tookMs: tookOf(overview),
    moments: listMoments(view),
    hasEarlierMoments:
      view.journal.filter(({ bulkActionId }) => bulkActionId === overview.id).length >= ENTRIES_SHOWN,
    deliveries: view.deliveries.map((delivery) => ({ ...delivery, url: showAddress(delivery.url) })),
    troubled: view.troubled.slice(0, TROUBLED_SHOWN).map(describeTroubled),
    hasMoreTroubled: view.troubled.length > TROUBLED_SHOWN,
    toldToViewers: context.config.DASHBOARD_USERS === undefined ? NO_USERS : YOU_ARE_A_VIEWER,
    changes: CHANGES.map((change) => ({
      name: change.name,
      label: change.label,
      whyNot: change.whyNot(view),
    })),
  };
}

const YOU_ARE_A_VIEWER = "You are a viewer. Operators can change bulk actions here.";

function sumOf(reasons: readonly { readonly count: number }[]): number {
  return reasons.reduce((sum, { count }) => sum + count, 0);
}

/** How long an ended bulk action took from its start. */
function tookOf({ startedAt, finishedAt }: ActionOverview): number | undefined {
  return startedAt === null || finishedAt === null ? undefined : finishedAt.getTime() - startedAt.getTime();
}

function describeTroubled(chunk: TroubledChunk) {
  const isDue = chunk.nextTryAt !== null && chunk.nextTryAt.getTime() <= Date.now();
  return { ...chunk, refusal: describeRefusal(chunk), isDue };
}

/** One word for how a bulk action is: its outcome once it has ended. */
export function nameState(overview: Pick<ActionOverview, "isPaused"> & Parameters<typeof judge>[0]): string {
  const outcome = judge(overview);
  if (outcome !== undefined) return outcome;
  if (overview.cancelRequestedAt !== null) return "canceling";
  if (overview.isPaused) return "paused";
  return overview.status === "pending" ? "waiting" : "running";
}

function listOutcomes(overview: ActionOverview, effect: string) {
  const rest = overview.recordCount - countProcessed(overview);
  const counts: Readonly<Record<RecordOutcome, number>> = {
    applied: overview.applied,
    skipped: overview.skipped,
    failed: overview.failed,
    not_attempted: countNotAttempted(overview),
    pending: isOpen(overview.status) ? rest : 0,
  };
  const shown = RECORD_OUTCOMES.filter(
    (outcome) => outcome !== (isOpen(overview.status) ? "not_attempted" : "pending"),
  );
  return shown.map((outcome) => ({
    outcome,
    name: inWords(nameOutcome(outcome, effect)),
    count: counts[outcome],
  }));
}

async function listNotices(
  { overview, pauses, throttle, commonThrottle }: ActionView,
  { readQueueState }: ConsoleContext,
): Promise<readonly Notice[]> {
  if (!isOpen(overview.status)) return [];
  const queue = await readQueueState();
  const words = [
    ...(overview.braked ? [describeBraking(overview.braked)] : []),
    ...(overview.nextDueAt === null ? [] : ["Every chunk that is left waits for its next try."]),
    ...(queue === "unknown" ? ["The queue is unavailable. No work is lost."] : []),
    ...(queue === "paused"
      ? ["The queue is paused in Bull Board. No turn runs until it is resumed there."]
      : []),
  ];
  return [
    ...pauses.map(noticePause),
    ...[throttle, commonThrottle].filter((one) => one !== undefined).map(noticeThrottle),
    ...words.map((sentence) => ({ words: sentence })),
  ];
}
