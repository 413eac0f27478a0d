import { presentDetails } from "@bulk/domain/present-details";
import { type BulkActionKey, type BulkActionProgress, readProgress } from "@bulk/store/bulk-action-progress";
import type { BulkActionWatch } from "@bulk/store/bulk-action-watcher";
import { findBulkAction, type RecordIds } from "@bulk/store/bulk-actions";
import type { Database } from "@bulk/store/database";
import { z } from "zod";
import type { ApiRequest } from "./context.ts";
import { EXAMPLE_FIELDS } from "./examples.ts";
import { reserveRecords } from "./memory-costs.ts";
import { presentBulkAction } from "./present.ts";
import { BULK_ACTION_FIELDS, type WireBulkAction, type WireSparseBulkAction } from "./wire.ts";

/** The query of every endpoint that answers bulk actions: which keys they have. */
export const viewQuery = z.object({
  fields: z
    .array(z.enum(BULK_ACTION_FIELDS))
    .optional()
    .meta({
      param: { style: "form", explode: false },
      description:
        "Only these keys of a bulk action, separated by commas; `id` and `object` always come. Without " +
        "`record_ids` and `skipped_record_ids` the answer is short, however many ids there are, and none is read.",
    }),
  expand: z
    .array(z.enum(["details"]))
    .optional()
    .meta({
      description:
        "`details` adds one key of this name: counts, outcome, moments and origin of a bulk action.",
    }),
});

/** The same, with an example that asks for no ids: what a page of the reference should show of a long list. */
export const shortViewQuery = viewQuery.extend({
  fields: viewQuery.shape.fields.meta({
    param: { style: "form", explode: false, example: [...EXAMPLE_FIELDS] },
  }),
});

/** What a caller wants to see of a bulk action. */
export type View = z.output<typeof viewQuery>;

/** A bulk action, with its ids if a view shows any. */
export type ViewedBulkAction = BulkActionProgress & Partial<RecordIds>;

/** Whether the view shows any ids; if not, they need not be read. */
export function showsIds({ fields }: View): boolean {
  return fields === undefined || fields.includes("record_ids") || fields.includes("skipped_record_ids");
}

export function showsDetails({ expand }: View): boolean {
  return expand?.includes("details") === true;
}

/** The account's bulk action of this id, with its ids, and memory for them, only if the view shows them. */
export async function findForView(
  database: Database,
  { accountId, id }: BulkActionKey,
  view: View,
  request: Pick<ApiRequest, "reserve">,
): Promise<ViewedBulkAction | undefined> {
  const reserve = (recordCount: number) => reserveRecords(request, recordCount);
  if (showsIds(view)) return await findBulkAction(database, accountId, id, reserve);
  const [progress] = await readProgress(database, [{ accountId, id }]);
  return progress;
}

/** The watched bulk action as last seen, with its ids, and memory for them, only if the view shows them. */
export async function loadForView(
  watch: BulkActionWatch,
  progress: BulkActionProgress,
  view: View,
  request: Pick<ApiRequest, "reserve">,
): Promise<ViewedBulkAction | undefined> {
  if (!showsIds(view)) return progress;
  await reserveRecords(request, progress.recordCount);
  return await watch.load();
}

/** The wire object, with the keys that the view shows. */
export function presentView(
  bulkAction: ViewedBulkAction,
  view: View,
  retentionDays: number,
): WireBulkAction | WireSparseBulkAction {
  const presented = pick(presentBulkAction(bulkAction), view.fields);
  if (!showsDetails(view)) return presented;
  return { ...presented, details: presentDetails(bulkAction, retentionDays) };
}

// As sparse fieldsets of JSON:API, which never leave out identity and type.
function pick(bulkAction: WireSparseBulkAction, fields: View["fields"]): WireSparseBulkAction {
  if (fields === undefined) return bulkAction;
  const shown = new Set<string>(["id", "object", ...fields]);
  const { id, object } = bulkAction;
  return { id, object, ...Object.fromEntries(Object.entries(bulkAction).filter(([key]) => shown.has(key))) };
}
