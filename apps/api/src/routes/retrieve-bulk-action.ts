import { findBulkAction, findBulkActionVersion } from "@bulk/store/bulk-actions";
import type { Database } from "@bulk/store/database";
import { z } from "zod";
import { bulkActionNotFound, readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { isNamed, pollingHeaders } from "../polling.ts";
import { presentBulkAction } from "../present.ts";
import { bulkActionObject } from "../wire.ts";

/** `GET /v1/bulk_actions/{id}` */
export function retrieveBulkAction({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "retrieveBulkAction",
      summary: "Retrieve a bulk action",
      description:
        "Another account's bulk action does not exist for the caller. Send the `ETag` of the last answer as " +
        "`If-None-Match`: 304 while nothing has changed. `Retry-After` is there as long as it is open.",
      headers: conditionalHeaders,
      answer: bulkActionObject,
      answerHeaders: ["ETag", "Retry-After"],
      refusals: ["not_found"],
    },
    answer: (request) => retrieve(request, database),
  };
}

const conditionalHeaders = z.object({
  "If-None-Match": z.string().optional().meta({ description: "The `ETag` of the copy that the caller has." }),
});

async function retrieve({ params, caller, headers }: ApiRequest, database: Database): Promise<ApiAnswer> {
  const id = readBulkActionId(params);
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    const version = await findBulkActionVersion(database, caller.accountId, id);
    if (version === undefined) throw bulkActionNotFound();
    const polling = pollingHeaders(version);
    if (isNamed(polling.ETag, ifNoneMatch))
      return { kind: "not_modified", headers: polling, bulkActionId: id };
  }
  const bulkAction = await findBulkAction(database, caller.accountId, id);
  if (bulkAction === undefined) throw bulkActionNotFound();
  const polling = pollingHeaders({ ...bulkAction, skippedCount: bulkAction.skippedIds.length });
  return { kind: "json", body: presentBulkAction(bulkAction), headers: polling, bulkActionId: id };
}
