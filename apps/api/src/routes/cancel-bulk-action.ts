import { isOpen } from "@bulk/domain/bulk-action";
import { RequestError } from "@bulk/domain/request-error";
import { findBulkAction } from "@bulk/store/bulk-actions";
import { cancelBulkAction as storeCancel } from "@bulk/store/cancel";
import type { Database } from "@bulk/store/database";
import { bulkActionNotFound, readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { RETRY_AFTER } from "../polling.ts";
import { presentBulkAction } from "../present.ts";
import { bulkActionObject } from "../wire.ts";

/** `POST /v1/bulk_actions/{id}/cancel` */
export function cancelBulkAction({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "cancelBulkAction",
      summary: "Cancel a bulk action",
      description:
        "After the answer nothing more is begun. The records under work at that moment, a chunk for each " +
        "lane, are finished and keep their outcomes; all others stay untouched, and the bulk action ends as " +
        "`completed`: in this answer if nothing is under work, otherwise within about a chunk. If everything " +
        "had been attempted by then, the status is what the outcomes say. A repeat changes nothing and is " +
        "answered the same. `bulk_action.not_cancelable` if it had ended before anybody canceled it.",
      answer: bulkActionObject,
      refusals: ["not_found", "conflict"],
    },
    answer: (request) => cancel(request, database),
  };
}

async function cancel({ params, caller }: ApiRequest, database: Database): Promise<ApiAnswer> {
  const id = readBulkActionId(params);
  if ((await storeCancel(database, caller.accountId, id)) === "too_late") throw notCancelable();
  const bulkAction = await findBulkAction(database, caller.accountId, id);
  if (bulkAction === undefined) throw bulkActionNotFound();
  const headers = isOpen(bulkAction.status) ? RETRY_AFTER : {};
  return { kind: "json", body: presentBulkAction(bulkAction), headers, bulkActionId: id };
}

function notCancelable(): RequestError {
  return new RequestError(
    "conflict",
    "bulk_action.not_cancelable",
    "This bulk action has ended; there is nothing left to cancel.",
  );
}
