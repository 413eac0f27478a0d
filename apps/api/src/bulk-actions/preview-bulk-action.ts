import { admitRecords } from "@bulk/actions/admission/admit-records";
import { RequestError } from "@bulk/domain/errors/request-error";
import { limitPlaces } from "@bulk/service/limits/limit-places";
import { previewEffect } from "@bulk/store/records/preview";
import { findSqlstate } from "@bulk/store/sqlstate";
import { bulkActionPreview, presentPreview } from "@bulk/wire/preview";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { type NewBulkAction, newBulkActionBody } from "./body/new-bulk-action.ts";

/** `POST /v1/bulk_actions/preview` */
export function previewBulkAction(context: ApiContext): Endpoint {
  const body = newBulkActionBody(context);
  // A preview may keep a core of the database busy for seconds. One account does not need two at once.
  const places = limitPlaces(1);
  return {
    operation: {
      id: "previewBulkAction",
      summary: "Preview a bulk action",
      description:
        "Returns what the same body would do if it were submitted now: how many records the action would " +
        "apply to, and why it would skip the others. Changes nothing. The result may differ later because " +
        "records may change before the bulk action reaches them. An account may run one preview at a time; " +
        "others get 429 meanwhile.",
      body: body.schema,
      takesRecordIds: true,
      response: bulkActionPreview,
      refusals: ["conflict", "invalid"],
      changes: "nothing",
    },
    // Refuses before the body is read.
    admit({ accountId }) {
      if (places.isFull(accountId)) throw inProgress();
    },
    async respond(request) {
      const { accountId } = request.caller;
      if (!places.enter(accountId)) throw inProgress();
      try {
        return await preview(request, body.parse(request.body), context);
      } finally {
        places.leave(accountId);
      }
    },
  };
}

function inProgress(): RequestError {
  const message =
    "Another preview of this account is in progress here. Send this one again when it has ended.";
  return new RequestError("limited", "bulk_action_preview.under_way", message, [], 1);
}

/** 100,000 ids took 0.8 to 1.9 s on two cores with other work; callers wait 20 s. */
const TIMEOUT_MS = 7_000;

async function preview(
  { caller: { accountId } }: ApiRequest,
  action: NewBulkAction,
  { database, registry }: ApiContext,
): Promise<ApiResponse> {
  const effect = registry.get(action.actionType);
  if (effect === undefined) throw new Error(`The registry has lost ${action.actionType}.`);
  await admitRecords(action.actionType, { database, registry });
  try {
    const query = { accountId, recordIds: action.recordIds, timeoutMs: TIMEOUT_MS };
    const found = await previewEffect(database, effect, query);
    return {
      kind: "json",
      body: presentPreview(action.actionType, action.recordIds.count, found, registry),
    };
  } catch (error) {
    throw isTimeout(error) ? tooSlow() : error;
  }
}

// The time-out of the statement, or of a lock: another session holds the whole table.
function isTimeout(error: unknown): boolean {
  return ["57014", "55P03"].includes(findSqlstate(error) ?? "");
}

function tooSlow(): RequestError {
  return new RequestError(
    "unavailable",
    "bulk_action_preview.timeout",
    "The preview took too long. Try again later or with fewer ids.",
  );
}
