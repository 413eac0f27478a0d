import { isOpen } from "@bulk/domain/bulk-action";
import { bulkActionNotFound } from "@bulk/domain/refusals";
import { sparingly } from "@bulk/service/sparingly";
import type { BulkActionKey, BulkActionProgress } from "@bulk/store/bulk-action-progress";
import { type BulkActionWatcher, openBulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import type { Session } from "./session.ts";

/**
 * Waits for the end of a bulk action, however long that takes and whatever is away meanwhile. Answers how it ended;
 * throws `not_found` when it is pruned before that is seen.
 *
 * @param onProgress hears how it stands, at once and whenever that has changed
 */
export async function followBulkAction(
  { database, engines }: Session,
  key: BulkActionKey,
  onProgress: (progress: BulkActionProgress) => void,
): Promise<BulkActionProgress> {
  const onError = sparingly(() => console.error("The database does not answer; still waiting."), 10_000);
  const watcher = openBulkActionWatcher({ database, url: engines.databaseUrl, onError });
  try {
    return await waitForEnd(watcher, key, onProgress);
  } finally {
    await watcher.close();
  }
}

async function waitForEnd(
  watcher: BulkActionWatcher,
  key: BulkActionKey,
  onProgress: (progress: BulkActionProgress) => void,
): Promise<BulkActionProgress> {
  const never = new AbortController().signal;
  const watching = await watcher.watch(key, never);
  // It cannot be crowded: the watcher is this command's own.
  if (watching.kind !== "watching") throw bulkActionNotFound();
  const { watch } = watching;
  let progress = watch.first;
  onProgress(progress);
  while (isOpen(progress.status)) {
    const news = await watch.next(never);
    if (news.kind !== "changed") throw bulkActionNotFound();
    progress = news.progress;
    onProgress(progress);
  }
  return progress;
}
