import { findBulkAction, type ListedIds } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import { weighIds } from "@bulk/store/bulk-actions/reading/weigh-ids";
import type { Database } from "@bulk/store/database";
import {
  type BulkActionKey,
  type BulkActionProgress,
  readProgress,
} from "@bulk/store/watching/bulk-action-progress";
import type { BulkActionWatch } from "@bulk/store/watching/bulk-action-watch";
import { BULK_ACTION_FIELDS, type PresentedBulkAction, presentBulkAction } from "@bulk/wire/bulk-action";
import { type Presentation, presentDetails } from "@bulk/wire/details";
import { EXAMPLE_FIELDS } from "@bulk/wire/examples";
import { z } from "zod";
import type { ApiContext, ApiRequest } from "../context.ts";
import { readQuery } from "../http/input/query.ts";
import { validate } from "../http/input/validate.ts";

/** The query of every endpoint that returns bulk actions: which keys they have. */
export const viewQuery = z.object({
  fields: z
    .array(z.enum(BULK_ACTION_FIELDS))
    .optional()
    .meta({
      param: { style: "form", explode: false },
      description:
        "Returns only these keys of a bulk action, separated by commas, with `id` and `object`. Omit " +
        "`record_ids` and `skipped_record_ids` to get a short response; the server then reads no ids.",
    }),
  expand: z
    .array(z.enum(["details"]))
    .optional()
    .meta({
      description:
        "`details` adds the key `details`: counts, outcome, times and origin of a bulk action, the pause that holds it, and why it is slow.",
    }),
});

/** The same query, with an example without ids, as the reference should show it for long lists. */
export const shortViewQuery = viewQuery.extend({
  fields: viewQuery.shape.fields.meta({
    param: { style: "form", explode: false, example: [...EXAMPLE_FIELDS] },
  }),
});

/** The keys that a caller wants to see of a bulk action. */
export type View = z.output<typeof viewQuery>;

/** Reads the view from the query of a request. Throws `invalid` if the query has faults. */
export function readView({ query }: Pick<ApiRequest, "query">): View {
  return validate("bulk_action", viewQuery, readQuery(query));
}

/** A bulk action, with its ids if the view shows them. */
export type ViewedBulkAction = BulkActionProgress & Partial<ListedIds>;

/** Returns whether the view shows ids; if not, they need not be read. */
export function showsIds({ fields }: View): boolean {
  return fields === undefined || fields.includes("record_ids") || fields.includes("skipped_record_ids");
}

export function showsDetails({ expand }: View): boolean {
  return expand?.includes("details") === true;
}

/** Finds the account's bulk action of this id. If the view shows ids, reserves memory for them and reads them. */
export async function findForView(
  database: Database,
  { accountId, id }: BulkActionKey,
  view: View,
  request: Pick<ApiRequest, "reserveRecords">,
): Promise<ViewedBulkAction | undefined> {
  if (showsIds(view)) return await findBulkAction(database, accountId, id, request.reserveRecords);
  const [progress] = await readProgress(database, [{ accountId, id }]);
  return progress;
}

/** Reserves memory for the ids of the account's bulk action, if there is one. */
export async function reserveIds(
  database: Database,
  key: BulkActionKey,
  request: Pick<ApiRequest, "reserveRecords">,
): Promise<void> {
  const weights = await weighIds(database, [key]);
  await request.reserveRecords(weights.get(key.id)?.total ?? 0);
}

/** Loads the watched bulk action as last seen. If the view shows ids, reserves memory for them and reads them. */
export async function loadForView(
  watch: BulkActionWatch,
  progress: BulkActionProgress,
  view: View,
  request: Pick<ApiRequest, "reserveRecords">,
): Promise<ViewedBulkAction | undefined> {
  if (!showsIds(view)) return progress;
  await request.reserveRecords(progress.idWeight ?? progress.recordCount);
  return await watch.load();
}

/** Returns the wire object with the keys that the view shows. */
export function presentView(
  bulkAction: ViewedBulkAction,
  view: View,
  context: Pick<ApiContext, "config" | "registry">,
): PresentedBulkAction {
  const presented = pick(presentBulkAction(bulkAction), view.fields);
  if (!showsDetails(view)) return presented;
  return { ...presented, details: presentDetails(bulkAction, presentationOf(context)) };
}

/** Returns what this API decides about the words and times of bulk actions. */
export function presentationOf({ config, registry }: Pick<ApiContext, "config" | "registry">): Presentation {
  return { retentionDays: config.RETENTION_DAYS, effects: registry };
}

// Like sparse fieldsets of JSON:API, which always include identity and type.
function pick(bulkAction: PresentedBulkAction, fields: View["fields"]): PresentedBulkAction {
  if (fields === undefined) return bulkAction;
  const shown = new Set<string>(["id", "object", ...fields]);
  const { id, object } = bulkAction;
  return { id, object, ...Object.fromEntries(Object.entries(bulkAction).filter(([key]) => shown.has(key))) };
}
