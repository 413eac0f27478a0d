import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { isUuid } from "@bulk/domain/is-uuid";
import {
  type ListQuery,
  listBulkActions as readBulkActions,
} from "@bulk/store/bulk-actions/reading/bulk-action-list";
import { attachRecords } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import { weighIds } from "@bulk/store/bulk-actions/reading/weigh-ids";
import { attachProgress } from "@bulk/store/watching/bulk-action-progress";
import { bulkActionResponse, bulkActionStatus } from "@bulk/wire/bulk-action";
import { exampleSparseBulkAction } from "@bulk/wire/examples";
import { listOf, writePage } from "@bulk/wire/list";
import { z } from "zod";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { momentParameter, pageQuery, readQuery } from "../http/input/query.ts";
import { validate } from "../http/input/validate.ts";
import { countListed, presentView, shortViewQuery, showsIds, type View } from "./view.ts";

/** `GET /v1/bulk_actions` */
export function listBulkActions(context: ApiContext): Endpoint {
  const query = listQuery(context);
  return {
    operation: {
      id: "listBulkActions",
      summary: "List bulk actions",
      description:
        "Lists the bulk actions of the account, by default newest first. All filters must match. Each page " +
        "reflects the moment of its request, so objects may move between pages when others are created or " +
        "updated. To read many, move a window of `created_after` and `created_before` instead of requesting " +
        "high page numbers.",
      query,
      allowsParameters: true,
      response: listOf(
        bulkActionResponse(context.registry).meta({ examples: [exampleSparseBulkAction("succeeded")] }),
        PATH,
      ),
      refusals: ["invalid"],
    },
    respond: (request) => list(request, query, context),
  };
}

const PATH = "/v1/bulk_actions";

const SORTS = ["created_at:asc", "created_at:desc", "updated_at:asc", "updated_at:desc"] as const;

function listQuery({ registry }: Pick<ApiContext, "registry">) {
  return z.object({
    ids: z.array(z.string()).optional().meta({
      description:
        "Only bulk actions with these ids. Ids that are unknown or belong to another account are left out.",
    }),
    status: z
      .array(bulkActionStatus)
      .optional()
      .meta({ description: "Only bulk actions with one of these statuses." }),
    action_type: z
      .enum([...registry.keys()])
      .optional()
      .meta({ description: "Only bulk actions of this type." }),
    created_after: momentParameter("Only bulk actions created at or after this time."),
    created_before: momentParameter(
      "Only bulk actions created before this time. To continue, use this value as the next " +
        "`created_after`.",
    ),
    ...pageQuery.shape,
    sort: z
      .enum(SORTS)
      .default("created_at:desc")
      .meta({ description: "The time and the direction to sort by." }),
    ...shortViewQuery.shape,
  });
}

async function list(
  request: ApiRequest,
  schema: ReturnType<typeof listQuery>,
  context: ApiContext,
): Promise<ApiResponse> {
  const query = validate("bulk_action", schema, readQuery(request.query));
  const { limit, page } = query;
  const { accountId } = request.caller;
  const { count, bulkActions } = await readBulkActions(context.database, accountId, toListQuery(query));
  const pagination = { count, limit, page, url: PATH };
  const groups = showsIds(query) ? await groupByWeight(bulkActions, query, request, context) : [bulkActions];
  const pieces = writePage(pagination, presentAll(groups, query, context));
  return { kind: "stream", contentType: "json", pieces };
}

function toListQuery(query: z.output<ReturnType<typeof listQuery>>): ListQuery {
  const { limit, page, sort } = query;
  return {
    // A value that is not a UUID is no id of a bulk action.
    ids: query.ids?.filter(isUuid),
    statuses: query.status,
    actionType: query.action_type,
    createdFrom: query.created_after,
    createdBefore: query.created_before,
    limit,
    page,
    sort,
  };
}

/** The weight of the ids that are in memory at once while a list is written. */
const WEIGHT_AT_ONCE = 100_000;

async function* presentAll(
  groups: readonly (readonly BulkAction[])[],
  view: View,
  context: ApiContext,
): AsyncGenerator<object> {
  const { database } = context;
  for (const group of groups) {
    const loaded = showsIds(view)
      ? await attachRecords(database, group, countListed(view, context))
      : await attachProgress(database, group);
    for (const bulkAction of loaded) yield presentView(bulkAction, view, context);
  }
}

/**
 * Divides bulk actions so that the ids of one group may be in memory at once, and reserves memory for the heaviest: at
 * least one group, and none that is too heavy but those of a single bulk action.
 */
async function groupByWeight(
  bulkActions: readonly BulkAction[],
  view: View,
  request: Pick<ApiRequest, "reserveRecords">,
  context: ApiContext,
): Promise<readonly (readonly BulkAction[])[]> {
  const most = countListed(view, context);
  const listed = bulkActions.filter(({ recordCount }) => recordCount <= most);
  const weights = await weighIds(context.database, listed);
  const weigh = (group: readonly BulkAction[]) =>
    group.reduce((sum, { id }) => sum + (weights.get(id)?.total ?? 0), 0);
  const groups: BulkAction[][] = [[]];
  for (const bulkAction of bulkActions) {
    const group = groups.at(-1) ?? [];
    const isFull = group.length > 0 && weigh([...group, bulkAction]) > WEIGHT_AT_ONCE;
    if (isFull) groups.push([bulkAction]);
    else group.push(bulkAction);
  }
  await request.reserveRecords(Math.max(...groups.map(weigh)));
  return groups;
}
