import { idOfCreated, type Retry } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { Database } from "@bulk/store/database";
import type { NewEntry } from "@bulk/store/journal/journal";
import { recordChange } from "@bulk/store/journal/record-change";

/** Submits a bulk action, and writes down who does. Returns its id, also if it was submitted before. */
export async function recordSubmission(
  database: Database,
  entry: Omit<NewEntry, "kind">,
  submit: () => Promise<Retry>,
): Promise<string> {
  return idOfCreated(await recordChange(database, { ...entry, kind: "create" }, submit, idOfCreated));
}
