import {
  findBulkAction,
  type ListedIds,
  UNLISTED_IDS,
} from "@bulk/store/bulk-actions/reading/find-bulk-action";
import { type IdWeight, weighIds } from "@bulk/store/bulk-actions/reading/weigh-ids";
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

/** The most ids that a response lists of a view; 0 if it shows none. Of a larger bulk action it lists none at all. */
export function countListed(view: View, { config }: IdLimits): number {
  return showsIds(view) ? config.MAX_RECORD_IDS : 0;
}

type IdLimits = { readonly config: Pick<ApiContext["config"], "MAX_RECORD_IDS"> };

/** Finds the account's bulk action of this id. If the view lists its ids, reserves memory for them and reads them. */
export async function findForView(
  { accountId, id }: BulkActionKey,
  view: View,
  request: Pick<ApiRequest, "reserveRecords">,
  context: IdLimits & { readonly database: Database },
): Promise<ViewedBulkAction | undefined> {
  const { database } = context;
  if (showsIds(view)) {
    return await findBulkAction(database, accountId, id, countListed(view, context), request.reserveRecords);
  }
  const [progress] = await readProgress(database, [{ accountId, id }]);
  return progress;
}

/** Reserves memory for the ids of the account's bulk action that the view lists. */
export async function reserveIds(
  key: BulkActionKey,
  view: View,
  request: Pick<ApiRequest, "reserveRecords">,
  context: IdLimits & { readonly database: Database },
): Promise<void> {
  const { most, weight } = await weighForView(key, view, context);
  if (weight !== undefined && weight.count <= most) await request.reserveRecords(weight.total);
}

/** Reserves memory for as many ids as the view lists of a new bulk action that takes its ids from this one of the account. */
export async function reserveTakenIds(
  key: BulkActionKey,
  view: View,
  request: Pick<ApiRequest, "reserveRecords">,
  context: IdLimits & { readonly database: Database },
): Promise<void> {
  const { most, weight } = await weighForView(key, view, context);
  if (weight === undefined) return;
  await request.reserveRecords(Math.ceil(weight.total * Math.min(1, most / weight.count)));
}

// Nothing is weighed for a view that shows no ids.
async function weighForView(
  key: BulkActionKey,
  view: View,
  context: IdLimits & { readonly database: Database },
): Promise<{ readonly most: number; readonly weight: IdWeight | undefined }> {
  const most = countListed(view, context);
  const weight = most === 0 ? undefined : (await weighIds(context.database, [key])).get(key.id);
  return { most, weight };
}

/** Loads the watched bulk action as last seen. If the view lists its ids, reserves memory for them and reads them. */
export async function loadForView(
  watch: BulkActionWatch,
  progress: BulkActionProgress,
  view: View,
  request: Pick<ApiRequest, "reserveRecords">,
  limits: IdLimits,
): Promise<ViewedBulkAction | undefined> {
  if (progress.recordCount > countListed(view, limits)) return { ...progress, ...UNLISTED_IDS };
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
