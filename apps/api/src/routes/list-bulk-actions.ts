import type { BulkAction } from "@bulk/domain/bulk-action";
import { attachRecords, listBulkActions as readBulkActions } from "@bulk/store/bulk-actions";
import type { Database } from "@bulk/store/database";
import { z } from "zod";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { isUuid } from "../is-uuid.ts";
import { presentBulkAction, presentList } from "../present.ts";
import { numberParameter, readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { bulkActionObject, listOf, type WireBulkAction } from "../wire.ts";

/** `GET /v1/bulk_actions` */
export function listBulkActions({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listBulkActions",
      summary: "List bulk actions",
      description: "The account's own, newest first unless told otherwise.",
      query: listQuery,
      answer: listOf(bulkActionObject),
      refusals: ["invalid"],
    },
    answer: (request) => list(request, database),
  };
}

const SORTS = ["created_at:asc", "created_at:desc", "updated_at:asc", "updated_at:desc"] as const;

const listQuery = z.object({
  ids: z.array(z.string()).optional().meta({
    description: "Only these. An id that is unknown or of another account is just absent from the answer.",
  }),
  limit: numberParameter(1, 100, 20).meta({ description: "How many on a page." }),
  page: numberParameter(1, 1_000_000, 1).meta({ description: "Counts from 1." }),
  sort: z.enum(SORTS).default("created_at:desc").meta({ description: "By which time, and which way." }),
});

async function list(request: ApiRequest, database: Database): Promise<ApiAnswer> {
  const { ids, limit, page, sort } = validate("bulk_action", listQuery, readQuery(request.query));
  const { count, bulkActions } = await readBulkActions(database, request.caller.accountId, {
    // What is not a UUID is no bulk action's id: just absent.
    ...{ ids: ids?.filter(isUuid), limit, page, sort },
  });
  const pagination = { count, limit, page, url: "/v1/bulk_actions" };
  const pieces = presentList(pagination, presentAll(database, bulkActions));
  return { kind: "stream", contentType: "json", pieces };
}

/** How many ids are in memory at once while a list is written. */
const RECORDS_AT_ONCE = 100_000;

async function* presentAll(
  database: Database,
  bulkActions: readonly BulkAction[],
): AsyncGenerator<WireBulkAction> {
  let group: BulkAction[] = [];
  let size = 0;
  for (const bulkAction of bulkActions) {
    if (size + bulkAction.recordCount > RECORDS_AT_ONCE && group.length > 0) {
      for (const loaded of await attachRecords(database, group)) yield presentBulkAction(loaded);
      group = [];
      size = 0;
    }
    group.push(bulkAction);
    size += bulkAction.recordCount;
  }
  for (const loaded of await attachRecords(database, group)) yield presentBulkAction(loaded);
}
