import { describeBraking } from "../render/describe-braking.ts";
import { describePause } from "../render/describe-pause.ts";
import { inGroups } from "../render/words.ts";
import type { NowView } from "./read-now.ts";

/** Something that an operator should know. `bad`: no work is done, or some of it fails; `warn`: it waits or is slow on purpose. */
export type Notice = {
  readonly level: "bad" | "warn";
  readonly words: string;
  /** The bulk action to look at. */
  readonly bulkActionId?: string | undefined;
};

/** Answers whether everything is well: nothing if it is. Bad notices come first. */
export function judgeNow(view: NowView): readonly Notice[] {
  const notices = [...judgeEngine(view), ...judgeWork(view), ...judgeSwitches(view)];
  return notices.toSorted((one, other) => Number(one.level === "warn") - Number(other.level === "warn"));
}

function judgeEngine({ work, workers, queue }: NowView): readonly Notice[] {
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

function judgeWork({ work }: NowView): readonly Notice[] {
  return listed([
    work.stuck > 0 && {
      level: "bad",
      words: `${counted(work.stuck)} open, not paused, and without any movement for five minutes.`,
      bulkActionId: work.stuckId ?? undefined,
    },
    work.inTrouble > 0 && {
      level: "warn",
      words: `${counted(work.inTrouble)} with chunks that the database refused. They are tried again with fewer records.`,
      bulkActionId: work.inTroubleId ?? undefined,
    },
    work.braked !== null && {
      level: "warn",
      words: describeBraking(work.braked),
    },
  ]);
}

function judgeSwitches({ pauses, throttles }: NowView): readonly Notice[] {
  return [
    ...pauses.map((pause) => ({
      level: pause.scope.kind === "declaration" ? ("bad" as const) : ("warn" as const),
      words: describePause(pause),
      bulkActionId: pause.scope.kind === "bulk_action" ? pause.scope.bulkActionId : undefined,
    })),
    ...throttles.map(({ actionType, recordsPerSecond, setBy }) => ({
      level: "warn" as const,
      words: `${actionType ?? "All types together"}: at most ${inGroups(recordsPerSecond)} records a second, set by ${setBy}. To remove it: pnpm admin throttle clear ${actionType === null ? "--all" : `--action-type ${actionType}`}`,
    })),
  ];
}

function listed(notices: readonly (Notice | false)[]): readonly Notice[] {
  return notices.filter((notice) => notice !== false);
}

function counted(count: number): string {
  return count === 1 ? "1 bulk action is" : `${inGroups(count)} bulk actions are`;
}
