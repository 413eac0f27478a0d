import type { IncomingHttpHeaders } from "node:http";
import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import { RequestError } from "@bulk/domain/errors/request-error";
import type { BulkActionKey, BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import type { BulkActionWatch } from "@bulk/store/watching/bulk-action-watch";
import { type BulkActionWatcher, MOST_WATCHERS } from "@bulk/store/watching/bulk-action-watcher";
import { z } from "zod";

/** The longest wait. Common proxies give up on a response after 60 s. */
const MAX_WAIT_SECONDS = 30;

export const waitHeader = z
  .string()
  .optional()
  .meta({
    example: "wait=20",
    description:
      "`wait=N` delays the response until the bulk action has ended, for at most N seconds. Values " +
      `above ${MAX_WAIT_SECONDS} count as ${MAX_WAIT_SECONDS}. The response is the same as without ` +
      "waiting; `Preference-Applied` confirms the wait. Other preferences are ignored (RFC 7240). An " +
      `account may have ${MOST_WATCHERS} waiting requests per server. Above that, a create is answered ` +
      "without waiting and any other request gets 429.",
  });

/** Returns the seconds in `Prefer: wait=N`, if it is there; the first one counts (RFC 7240, 2). */
export function readWaitSeconds({ prefer }: IncomingHttpHeaders): number | undefined {
  const wait = String(prefer ?? "")
    .split(",")
    .find((preference) => /^\s*wait\s*(?:[=;]|$)/i.test(preference));
  const seconds = Number(/^\s*wait\s*=\s*("?)(\d+)\1\s*(?:;|$)/i.exec(wait ?? "")?.[2] ?? 0);
  return seconds > 0 ? Math.min(seconds, MAX_WAIT_SECONDS) : undefined;
}

/** Returns the header that confirms a wait. */
export function waitApplied(seconds: number): { readonly "Preference-Applied": string } {
  return { "Preference-Applied": `wait=${seconds}` };
}

/** How long a caller should wait before the next try if its account has too many waiting. */
const CROWDED_SECONDS = 5;

/**
 * Opens a watch for a caller that needs one. Throws `not_found` if there is no such bulk action, and `limited` if too
 * many callers of the account have a watch already.
 */
export async function loadWatch(
  watcher: BulkActionWatcher,
  key: BulkActionKey,
  ended: AbortSignal,
): Promise<BulkActionWatch> {
  const watching = await watcher.watch(key, ended);
  switch (watching.kind) {
    case "watching":
      return watching.watch;
    case "not_found":
      throw bulkActionNotFound();
    case "crowded":
      throw tooManyWaiting();
  }
}

function tooManyWaiting(): RequestError {
  const message = `${MOST_WATCHERS} callers of this account already wait here. Send the request without waiting, or later.`;
  return new RequestError("limited", "bulk_action.too_many_waiting", message, [], CROWDED_SECONDS);
}

/**
 * Waits until the progress is enough, the time is up, the caller has gone, or this process stops. Returns the latest
 * progress seen.
 */
export async function waitUntil(
  isEnough: (progress: BulkActionProgress) => boolean,
  watch: BulkActionWatch,
  seconds: number,
  ended: AbortSignal,
): Promise<BulkActionProgress> {
  const until = AbortSignal.any([ended, AbortSignal.timeout(seconds * 1_000)]);
  let progress = watch.first;
  while (!isEnough(progress)) {
    const news = await watch.next(until);
    if (news.kind !== "changed") break;
    progress = news.progress;
  }
  return progress;
}
