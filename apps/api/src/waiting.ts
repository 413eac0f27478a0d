import type { IncomingHttpHeaders } from "node:http";
import { bulkActionNotFound } from "@bulk/domain/refusals";
import { RequestError } from "@bulk/domain/request-error";
import type { BulkActionKey, BulkActionProgress } from "@bulk/store/bulk-action-progress";
import { type BulkActionWatch, type BulkActionWatcher, MOST_WATCHERS } from "@bulk/store/bulk-action-watcher";
import { z } from "zod";

/** The longest wait; common proxies give an answer up after 60 s. */
const MAX_WAIT_SECONDS = 30;

export const waitHeader = z
  .string()
  .optional()
  .meta({
    example: "wait=20",
    description:
      `\`wait=N\`: hold the answer until the bulk action has ended, at most N seconds (up to ${MAX_WAIT_SECONDS}; ` +
      "more counts as that). The answer is the same as without, only later; `Preference-Applied` says how long " +
      "it would have waited. What is no such preference is ignored (RFC 7240). Of an account at most " +
      `${MOST_WATCHERS} callers wait at one server; a create is then answered at once, anything else with 429.`,
  });

/** How many seconds `Prefer: wait=N` asks to wait, if it does; the first one counts (RFC 7240, 2). */
export function readWaitSeconds({ prefer }: IncomingHttpHeaders): number | undefined {
  const wait = String(prefer ?? "")
    .split(",")
    .find((preference) => /^\s*wait\s*(?:[=;]|$)/i.test(preference));
  const seconds = Number(/^\s*wait\s*=\s*("?)(\d+)\1\s*(?:;|$)/i.exec(wait ?? "")?.[2] ?? 0);
  return seconds > 0 ? Math.min(seconds, MAX_WAIT_SECONDS) : undefined;
}

/** What says that a wait was granted. */
export function waitApplied(seconds: number): { readonly "Preference-Applied": string } {
  return { "Preference-Applied": `wait=${seconds}` };
}

/** How long a caller should rest whose account has too many waiting. */
const CROWDED_SECONDS = 5;

/**
 * The view of a caller that cannot be answered without one. Throws `not_found` when there is no such bulk action, and
 * `limited` when too many of its account's callers have one already.
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
  const message = `${MOST_WATCHERS} callers of this account wait here already. Ask without waiting, or later.`;
  return new RequestError("limited", "bulk_action.too_many_waiting", message, [], CROWDED_SECONDS);
}

/**
 * Waits until the progress is enough, at most this long, and no longer than the caller or this process is
 * there. Answers the latest progress seen.
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
