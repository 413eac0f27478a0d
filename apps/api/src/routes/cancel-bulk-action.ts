import { isOpen } from "@bulk/domain/bulk-action";
import { bulkActionNotFound, notCancelable } from "@bulk/domain/refusals";
import { countRecords } from "@bulk/store/bulk-actions";
import { cancelBulkAction as storeCancel } from "@bulk/store/cancel";
import { readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { EXAMPLE_CANCELED } from "../examples.ts";
import { reserveRecords } from "../memory-costs.ts";
import { RETRY_AFTER } from "../polling.ts";
import { readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { findForView, presentView, shortViewQuery, showsIds, viewQuery } from "../view.ts";
import { bulkActionAnswer } from "../wire.ts";

/** `POST /v1/bulk_actions/{id}/cancel` */
export function cancelBulkAction(context: ApiContext): Endpoint {
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
      query: shortViewQuery,
      answer: bulkActionAnswer.meta({ examples: [EXAMPLE_CANCELED] }),
      answerHeaders: ["Retry-After"],
      refusals: ["not_found", "conflict", "invalid"],
      changes: "in_steps",
    },
    answer: (request) => cancel(request, context),
  };
}

async function cancel(request: ApiRequest, { database, metrics, config }: ApiContext): Promise<ApiAnswer> {
  const { params, query, caller } = request;
  const id = readBulkActionId(params);
  const view = validate("bulk_action", viewQuery, readQuery(query));
  // Before the cancel, which must not be refused once it is done.
  if (showsIds(view)) await reserveRecords(request, await countRecords(database, caller.accountId, id));
  const cancellation = await storeCancel(database, caller.accountId, id, caller.tokenId);
  if (cancellation.kind === "too_late") throw notCancelable();
  if (cancellation.kind === "canceled") metrics.settled(cancellation.settlement);
  const bulkAction = await findForView(database, { accountId: caller.accountId, id }, view, request);
  if (bulkAction === undefined) throw bulkActionNotFound();
  const headers = isOpen(bulkAction.status) ? RETRY_AFTER : {};
  const body = presentView(bulkAction, view, config.RETENTION_DAYS);
  return { kind: "json", body, headers, bulkActionId: id };
}
