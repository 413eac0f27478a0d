import { type OperatorScope, toKey } from "@bulk/store/operations/pause-scope";
import type { Pause } from "@bulk/store/operations/pauses";
import type { Throttle } from "@bulk/store/operations/throttles";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { describePause, resumeCommand } from "./describe-pause.ts";
import { inGroups, inWords } from "./words.ts";

/** Something that whoever looks at a page should know. */
export type Notice = { readonly words: string; readonly link?: NoticeLink | undefined };

export type NoticeLink = {
  readonly to: string;
  readonly words: string;
  /** Set if it leads to a change, which only operators see: what everybody else is told, for a shell. */
  readonly command?: string;
};

/** A pause, with a link to what ends it: a page that asks, if it is not that of one bulk action. */
export function noticePause(pause: Pause): Notice {
  const { scope } = pause;
  const words = describePause(pause);
  if (scope.kind === "declaration" || scope.kind === "bulk_action") return { words };
  return { words, link: linkToResume(pause, scope) };
}

/** A link to the page that ends a pause. */
export function linkToResume(pause: Pause, scope: OperatorScope): NoticeLink {
  const to = `${CONSOLE_PATH}/pauses/resume?${new URLSearchParams(toKey(scope))}`;
  return { words: "Resume", to, command: resumeCommand(pause) };
}

/** A throttle, with a link to the page that removes it. */
export function noticeThrottle({
  actionType,
  recordsPerSecond,
  setBy,
}: Throttle): Notice & { readonly link: NoticeLink } {
  const whose =
    actionType === null
      ? "All types together are"
      : `All bulk actions of the type ${inWords(actionType)} together are`;
  return {
    words: `${whose} throttled to ${inGroups(recordsPerSecond)} records a second by ${setBy}.`,
    link: {
      words: "Remove throttle",
      to: `${CONSOLE_PATH}/throttles/remove?${new URLSearchParams({ type: actionType ?? "" })}`,
      command: `pnpm admin throttle clear ${actionType === null ? "--all" : `--action-type ${actionType}`}`,
    },
  };
}
