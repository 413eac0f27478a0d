import type { Pause } from "@bulk/store/operations/pauses";
import type { Throttle } from "@bulk/store/operations/throttles";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { describePause } from "./describe-pause.ts";
import { inGroups, inWords } from "./words.ts";

/** Something that whoever looks at a page should know. */
export type Notice = { readonly words: string; readonly link?: NoticeLink | undefined };

export type NoticeLink = {
  readonly to: string;
  readonly words: string;
  /** It leads to a change. */
  readonly isForOperators?: true;
};

/** A pause, with a link to what ends it: a page that asks, if it is not that of one bulk action. */
export function noticePause(pause: Pause): Notice {
  const { scope } = pause;
  const words = describePause(pause);
  if (scope.kind === "declaration" || scope.kind === "bulk_action") return { words };
  return { words, link: changeLink("Resume", "pauses/resume", subjectOf(scope)) };
}

/** A throttle, with a link to the page that removes it. */
export function noticeThrottle({ actionType, recordsPerSecond, setBy }: Throttle): Notice {
  const whose =
    actionType === null
      ? "All types together are"
      : `All bulk actions of the type ${inWords(actionType)} together are`;
  return {
    words: `${whose} throttled to ${inGroups(recordsPerSecond)} records a second by ${setBy}.`,
    link: changeLink("Remove throttle", "throttles/remove", { actionType }),
  };
}

/** What a pause or throttle is about: an account, a type, both, or everything. */
export type Subject = { readonly accountId?: string | null; readonly actionType?: string | null };

function subjectOf(scope: Subject & { readonly kind: string }): Subject {
  return { accountId: scope.accountId ?? null, actionType: scope.actionType ?? null };
}

function changeLink(words: string, path: string, { accountId, actionType }: Subject): NoticeLink {
  const query = new URLSearchParams({
    ...(accountId && { account: accountId }),
    ...(actionType && { type: actionType }),
  });
  return { words, to: `${CONSOLE_PATH}/${path}?${query}`, isForOperators: true };
}
