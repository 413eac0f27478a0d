import type { PauseScope } from "@bulk/store/operations/pause-scope";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { describeBraking } from "../render/describe-braking.ts";
import { type Notice, type NoticeLink, noticePause, noticeThrottle } from "../render/notice.ts";
import { countRecords, inGroupsOf } from "../render/words.ts";
import type { NowView } from "./read-now.ts";

/** Something that an operator should know. `bad`: no work is done, or some of it fails; `warn`: it waits or is slow on purpose. */
export type Judgement = Notice & { readonly level: "bad" | "warn" };

/** Answers whether everything is well: nothing if it is. Bad notices come first. */
export function judgeNow(view: NowView): readonly Judgement[] {
  const notices = [...judgeEngine(view), ...judgeWork(view), ...judgeSwitches(view)];
  return notices.toSorted((one, other) => Number(one.level === "warn") - Number(other.level === "warn"));
}

function judgeEngine({ work, workers, queue }: NowView): readonly Judgement[] {
  const openCount = work.running + work.waiting + work.paused + work.canceling;
  return listed([
    workers.length === 0 && {
      level: openCount > 0 ? "bad" : "warn",
      words: "No worker runs. Start one: pnpm start:worker. (Workers before 0.8 are not seen here.)",
    },
    queue === "unknown" && {
      level: "bad",
      words: "The queue does not respond. No work is lost; it goes on when the queue is back.",
    },
    queue === "paused" && {
      level: "bad",
      words: "The queue is paused in Bull Board, so no turn of any account runs. Resume it there.",
    },
  ]);
}

function judgeWork({ work, rates, retriedDeliveries, at }: NowView): readonly Judgement[] {
  const failedCount = rates.reduce((sum, { failed }) => sum + failed, 0);
  return listed([
    work.stuck > 0 && {
      level: "bad",
      words: `${inGroupsOf(work.stuck, "bulk action")} ${work.stuck === 1 ? "is" : "are"} open, not paused, and without any movement for five minutes.`,
      link: showAction(work.stuckId),
    },
    failedCount > 0 && {
      level: "bad",
      words: `${countRecords(failedCount)} failed in the last hour.`,
      link: showFailed(at),
    },
    work.inTrouble > 0 && {
      level: "warn",
      words: `${inGroupsOf(work.inTrouble, "bulk action")} ${work.inTrouble === 1 ? "has" : "have"} chunks that the database refused. They are tried again with fewer records; what is refused alone fails.`,
      link: showAction(work.inTroubleId),
    },
    retriedDeliveries.count > 0 && {
      level: "warn",
      words: `${inGroupsOf(retriedDeliveries.count, "webhook")} could not be delivered yet and ${retriedDeliveries.count === 1 ? "is" : "are"} tried again.`,
      link: showAction(retriedDeliveries.bulkActionId),
    },
    work.braked !== null && {
      level: "warn",
      words: describeBraking(work.braked),
    },
  ]);
}

function judgeSwitches({ pauses, throttles }: NowView): readonly Judgement[] {
  // Those that hold most come first, the oldest first among those that hold as much.
  const told = pauses
    .toSorted((one, other) => WIDTHS.indexOf(one.scope.kind) - WIDTHS.indexOf(other.scope.kind))
    .slice(0, PAUSES_SHOWN);
  const others = pauses.length - told.length;
  return [
    ...told.map((pause) => ({
      level: pause.scope.kind === "declaration" ? ("bad" as const) : ("warn" as const),
      ...(pause.scope.kind === "bulk_action" && { link: showAction(pause.scope.bulkActionId) }),
      ...noticePause(pause),
    })),
    ...listed([
      others > 0 && {
        level: "warn",
        words: `${inGroupsOf(others, "pause")} more. List them: pnpm admin pauses`,
      },
    ]),
    ...throttles.map((throttle) => ({ level: "warn" as const, ...noticeThrottle(throttle) })),
  ];
}

/** A page with hundreds would say nothing. */
const PAUSES_SHOWN = 20;

const WIDTHS: readonly PauseScope["kind"][] = [
  "declaration",
  "all",
  "action_type",
  "account",
  "account_action_type",
  "bulk_action",
];

function showAction(id: string | null): NoticeLink | undefined {
  return id === null
    ? undefined
    : { to: `${CONSOLE_PATH}/bulk-actions/${id}`, words: `Show ${id.slice(0, 8)}` };
}

// The list is of those that were created in the last day: an older one is seldom still at work.
function showFailed(at: Date): NoticeLink {
  const from = new Date(at.getTime() - DAY_MS).toISOString().slice(0, 16);
  return {
    to: `${CONSOLE_PATH}/bulk-actions?${new URLSearchParams({ outcome: "failed", from })}`,
    words: "Show",
  };
}

const DAY_MS = 24 * 3_600_000;

function listed(notices: readonly (Judgement | false)[]): readonly Judgement[] {
  return notices.filter((notice) => notice !== false);
}
