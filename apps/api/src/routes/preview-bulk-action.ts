import { RequestError } from "@bulk/domain/request-error";
import { previewEffect } from "@bulk/store/preview";
import { findSqlstate } from "@bulk/store/sqlstate";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { type NewBulkAction, newBulkActionBody } from "../new-bulk-action.ts";
import { presentPreview } from "../present.ts";
import { bulkActionPreview } from "../wire.ts";

/** `POST /v1/bulk_actions/preview` */
export function previewBulkAction(context: ApiContext): Endpoint {
  const body = newBulkActionBody(context);
  const oneByOne = allowOnePerAccount();
  return {
    operation: {
      id: "previewBulkAction",
      summary: "Preview a bulk action",
      description:
        "Says what the same body would do if it were submitted now: how many records it would delete and why " +
        "it would skip the others. Changes nothing and promises nothing: the records may change until the " +
        "bulk action comes to them. An account has one preview at a time; 429 meanwhile. A server that does not " +
        "know this path answers 404.",
      body: body.schema,
      takesRecordIds: true,
      answer: bulkActionPreview,
      refusals: ["invalid"],
      changes: "nothing",
    },
    // What is refused has not cost reading its ids.
    async answer(request) {
      return await oneByOne(request.caller.accountId, () =>
        preview(request, body.parse(request.body), context),
      );
    },
  };
}

// Each may keep a core of the database busy for seconds, and two of them ask the same or can wait.
function allowOnePerAccount() {
  const busy = new Set<string>();
  return async (accountId: string, work: () => Promise<ApiAnswer>): Promise<ApiAnswer> => {
    if (busy.has(accountId)) throw underWay();
    busy.add(accountId);
    try {
      return await work();
    } finally {
      busy.delete(accountId);
    }
  };
}

function underWay(): RequestError {
  const message = "A preview of this account is under way here. Send this one again when that has ended.";
  return new RequestError("limited", "bulk_action_preview.under_way", message, [], 1);
}

/** 100,000 ids took 0.8 to 1.9 s on two cores with other work; callers wait 20 s. */
const TIMEOUT_MS = 7_000;

async function preview(
  { caller: { accountId } }: ApiRequest,
  action: NewBulkAction,
  { database, registry }: ApiContext,
): Promise<ApiAnswer> {
  const effect = registry.get(action.actionType);
  if (effect === undefined) throw new Error(`The registry has lost ${action.actionType}.`);
  try {
    const query = { accountId, recordIds: action.recordIds, timeoutMs: TIMEOUT_MS };
    return { kind: "json", body: presentPreview(action, await previewEffect(database, effect, query)) };
  } catch (error) {
    throw isTimeout(error) ? tooSlow() : error;
  }
}

// The statement's, or that of a lock: somebody has the whole table.
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
