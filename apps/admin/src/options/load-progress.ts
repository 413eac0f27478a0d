import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import type { Database } from "@bulk/store/database";
import { type BulkActionProgress, readProgress } from "@bulk/store/watching/bulk-action-progress";
import { loadOwner } from "./find-account.ts";

/** Loads a bulk action with its progress, whichever account it belongs to. Throws `not_found`. */
export async function loadProgress(database: Database, id: string): Promise<BulkActionProgress> {
  const { id: accountId } = await loadOwner(database, id);
  const [progress] = await readProgress(database, [{ accountId, id }]);
  if (progress === undefined) throw bulkActionNotFound();
  return progress;
}
