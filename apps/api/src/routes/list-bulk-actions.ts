import type { BulkAction } from "@bulk/domain/bulk-action";
import { isUuid } from "@bulk/domain/is-uuid";
import { type ListQuery, listBulkActions as readBulkActions } from "@bulk/store/bulk-action-list";
import { attachProgress } from "@bulk/store/bulk-action-progress";
import { attachRecords } from "@bulk/store/bulk-actions";
import { z } from "zod";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { exampleSparseBulkAction } from "../examples.ts";
import { reserveRecords } from "../memory-costs.ts";
import { presentList } from "../present.ts";
import { momentParameter, pageQuery, readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { presentView, shortViewQuery, showsIds, type View } from "../view.ts";
import { bulkActionAnswer, bulkActionStatus, listOf } from "../wire.ts";

/** `GET /v1/bulk_actions` */
export function listBulkActions(context: ApiContext): Endpoint {
  const query = listQuery(context);
  return {
    operation: {
      id: "listBulkActions",
      summary: "List bulk actions",
      description:
        "The account's own, newest first unless told otherwise. Filters narrow it down together. Pages are cut at " +
        "the moment of the request: what is created or updated between two requests moves the others. To walk " +
        "through very many, narrow `created_after` and `created_before` down instead of turning far pages.",
      query,
      answer: listOf(bulkActionAnswer.meta({ examples: [exampleSparseBulkAction("succeeded")] }), PATH),
      refusals: ["invalid"],
    },
    answer: (request) => list(request, query, context),
  };
}

const PATH = "/v1/bulk_actions";

const SORTS = ["created_at:asc", "created_at:desc", "updated_at:asc", "updated_at:desc"] as const;

function listQuery({ registry }: Pick<ApiContext, "registry">) {
  return z.object({
    ids: z.array(z.string()).optional().meta({
      description: "Only these. An id that is unknown or of another account is just absent from the answer.",
    }),
    status: z
      .array(bulkActionStatus)
      .optional()
      .meta({ description: "Only those of any of these statuses." }),
    action_type: z
      .enum([...registry.keys()])
      .optional()
      .meta({ description: "Only those of this type." }),
    created_after: momentParameter("Only those created in this second or later."),
    created_before: momentParameter(
      "Only those created before this second began; one request's `created_before` may be the next one's " +
        "`created_after`.",
    ),
    ...pageQuery.shape,
    sort: z.enum(SORTS).default("created_at:desc").meta({ description: "By which time, and which way." }),
    ...shortViewQuery.shape,
  });
}

async function list(
  request: ApiRequest,
  schema: ReturnType<typeof listQuery>,
  context: ApiContext,
): Promise<ApiAnswer> {
  const query = validate("bulk_action", schema, readQuery(request.query));
  const { limit, page } = query;
  const { accountId } = request.caller;
  const { count, bulkActions } = await readBulkActions(context.database, accountId, toListQuery(query));
  const pagination = { count, limit, page, url: PATH };
  const groups = showsIds(query) ? groupBySize(bulkActions) : [bulkActions];
  if (showsIds(query)) await reserveRecords(request, Math.max(...groups.map(countRecords)));
  const pieces = presentList(pagination, presentAll(groups, query, context));
  return { kind: "stream", contentType: "json", pieces };
}

function toListQuery(query: z.output<ReturnType<typeof listQuery>>): ListQuery {
  const { limit, page, sort } = query;
  return {
    // What is not a UUID is no bulk action's id: just absent.
    ids: query.ids?.filter(isUuid),
    statuses: query.status,
    actionType: query.action_type,
    createdFrom: query.created_after,
    createdBefore: query.created_before,
    ...{ limit, page, sort },
  };
}

/** How many ids are in memory at once while a list is written. */
const RECORDS_AT_ONCE = 100_000;

async function* presentAll(
  groups: readonly (readonly BulkAction[])[],
  view: View,
  { database, config }: ApiContext,
): AsyncGenerator<unknown> {
  const attach = showsIds(view) ? attachRecords : attachProgress;
  for (const group of groups) {
    for (const loaded of await attach(database, group)) {
      yield presentView(loaded, view, config.RETENTION_DAYS);
    }
  }
}

function countRecords(group: readonly BulkAction[]): number {
  return group.reduce((sum, { recordCount }) => sum + recordCount, 0);
}

/** At least one group, and none but those of a single bulk action with more ids than may be in memory at once. */
function groupBySize(bulkActions: readonly BulkAction[]): readonly (readonly BulkAction[])[] {
  const groups: BulkAction[][] = [[]];
  for (const bulkAction of bulkActions) {
    const group = groups.at(-1) ?? [];
    const isFull = group.length > 0 && countRecords([...group, bulkAction]) > RECORDS_AT_ONCE;
    if (isFull) groups.push([bulkAction]);
    else group.push(bulkAction);
  }
  return groups;
}
