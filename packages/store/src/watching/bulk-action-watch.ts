import { once } from "node:events";
import type { BulkActionWithRecords } from "../bulk-actions/reading/find-bulk-action.ts";
import { type BulkActionProgress, isAhead, isHeldOtherwise } from "./bulk-action-progress.ts";
import type { Room, Watcher } from "./waiting-room.ts";

/** One caller's view of one bulk action. */
export type BulkActionWatch = {
  /** Its progress at the beginning. */
  readonly first: BulkActionProgress;
  /** Waits for progress beyond the last one seen, or for another pause or brake, and returns the latest; steps in between are skipped. */
  next(until: AbortSignal): Promise<News>;
  /** Loads the bulk action as last seen, with its ids. Concurrent callers share one query. */
  load(): Promise<BulkActionWithRecords | undefined>;
};

export type News =
  | { readonly kind: "changed"; readonly progress: BulkActionProgress }
  /** `until` was aborted first. */
  | { readonly kind: "unchanged" }
  /** The last news: the bulk action is gone, or the watcher is closed. */
  | { readonly kind: "over" };

/** Opens the view of a caller on the bulk action it waits for. */
export function openWatch(room: Room, watcher: Watcher, first: BulkActionProgress): BulkActionWatch {
  let seen = first;
  return {
    first,
    async next(until) {
      const news = await findNews(room, watcher, seen, until);
      if (news.kind === "changed") seen = news.progress;
      return news;
    },
    load: () => room.loadRecords(seen),
  };
}

async function findNews(
  room: Room,
  watcher: Watcher,
  seen: BulkActionProgress,
  until: AbortSignal,
): Promise<News> {
  for (;;) {
    const { found } = watcher;
    if (room.closing.signal.aborted || found === "nothing") return { kind: "over" };
    if (found !== undefined && isNews(found, seen)) return { kind: "changed", progress: found };
    if (until.aborted) return { kind: "unchanged" };
    await once(watcher.bell, "ring", { signal: until }).catch(() => undefined);
  }
}

// Nobody notifies of a pause or a brake: it is noticed by the reading every two seconds.
function isNews(found: BulkActionProgress, seen: BulkActionProgress): boolean {
  return isAhead(found, seen) || isHeldOtherwise(found, seen);
}
