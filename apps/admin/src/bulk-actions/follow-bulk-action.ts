import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import { reportAtMostEvery } from "@bulk/service/timing/report-at-most-every";
import type { BulkActionKey, BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import { type BulkActionWatcher, openBulkActionWatcher } from "@bulk/store/watching/bulk-action-watcher";
import type { Session } from "../session.ts";

/**
 * Waits until a bulk action ends, also while the database is away. Returns its final progress. Throws `not_found` if it is
 * pruned before.
 *
 * @param onProgress called with the progress at once and after each change
 */
export async function followBulkAction(
  { database, engines }: Session,
  key: BulkActionKey,
  onProgress: (progress: BulkActionProgress) => void,
): Promise<BulkActionProgress> {
  const onError = reportAtMostEvery(
    () => console.error("The database does not answer; still waiting."),
    10_000,
  );
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
