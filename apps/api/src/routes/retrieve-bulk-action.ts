import { findBulkAction, findBulkActionProgress, findBulkActionVersion } from "@bulk/store/bulk-actions";
import { bulkActionNotFound, readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { type Expand, expandQuery, presentExpanded, wantsDetails } from "../expand.ts";
import { isNamed, type PollingHeaders, pollingHeaders } from "../polling.ts";
import { presentDetails } from "../present.ts";
import { readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { bulkActionObject } from "../wire.ts";

/** `GET /v1/bulk_actions/{id}` */
export function retrieveBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "retrieveBulkAction",
      summary: "Retrieve a bulk action",
      description:
        "Another account's bulk action does not exist for the caller. Send the `ETag` of the last answer as " +
        "`If-None-Match`: 304 while nothing has changed. `Retry-After` is there as long as it is open.",
      query: expandQuery,
      answer: bulkActionObject,
      refusals: ["not_found", "invalid"],
    },
    answer: (request) => retrieve(request, context),
  };
}

async function retrieve(request: ApiRequest, context: ApiContext): Promise<ApiAnswer> {
  const bulkActionId = readBulkActionId(request.params);
  const { accountId } = request.caller;
  const { expand } = validate("bulk_action", expandQuery, readQuery(request.query));
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    const headers = await findPollingHeaders(context, accountId, bulkActionId, expand);
    if (isNamed(headers.ETag, ifNoneMatch)) return { kind: "not_modified", headers, bulkActionId };
  }
  const bulkAction = await findBulkAction(context.database, accountId, bulkActionId);
  if (bulkAction === undefined) throw bulkActionNotFound();
  const body = presentExpanded(bulkAction, expand, context.config.RETENTION_DAYS);
  const headers = pollingHeaders({ ...bulkAction, skippedCount: bulkAction.skipped }, body.details);
  return { kind: "json", body, headers, bulkActionId };
}

// Those the whole answer would have, without its ids.
async function findPollingHeaders(
  { database, config }: ApiContext,
  accountId: string,
  id: string,
  expand: Expand,
): Promise<PollingHeaders> {
  if (!wantsDetails(expand)) {
    const version = await findBulkActionVersion(database, accountId, id);
    if (version === undefined) throw bulkActionNotFound();
    return pollingHeaders(version);
  }
  const bulkAction = await findBulkActionProgress(database, accountId, id);
  if (bulkAction === undefined) throw bulkActionNotFound();
  const details = presentDetails(bulkAction, config.RETENTION_DAYS);
  return pollingHeaders({ ...bulkAction, skippedCount: bulkAction.skipped }, details);
}
