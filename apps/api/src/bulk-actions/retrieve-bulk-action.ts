import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import {
  type BulkActionKey,
  type BulkActionProgress,
  readProgress,
} from "@bulk/store/watching/bulk-action-progress";
import { bulkActionResponse } from "@bulk/wire/bulk-action";
import { presentDetails } from "@bulk/wire/details";
import { EXAMPLE_DETAILS, exampleSparseBulkAction } from "@bulk/wire/examples";
import { z } from "zod";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { readBulkActionId } from "../http/input/bulk-action-id.ts";
import {
  findForView,
  loadForView,
  presentationOf,
  presentView,
  readView,
  shortViewQuery,
  showsDetails,
  type View,
  type ViewedBulkAction,
  viewQuery,
} from "./view.ts";
import { isNamed, type PollingHeaders, pollingHeaders } from "./waiting/polling.ts";
import { loadWatch, readWaitSeconds, waitApplied, waitHeader, waitUntil } from "./waiting/waiting.ts";

/** `GET /v1/bulk_actions/{id}` */
export function retrieveBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "retrieveBulkAction",
      summary: "Retrieve a bulk action",
      description:
        "Returns one bulk action of the account. To poll, send the last `ETag` as `If-None-Match`; the " +
        "response is 304 while nothing has changed. `Retry-After` is present while the bulk action is open. " +
        "To wait for the end, send `Prefer: wait=N`; with `If-None-Match` the wait ends at the first " +
        "change.",
      query: detailedQuery,
      allowsParameters: true,
      headers: conditionalHeaders,
      response: bulkActionResponse(context.registry).meta({
        examples: [{ ...exampleSparseBulkAction("succeeded"), details: EXAMPLE_DETAILS }],
      }),
      responseHeaders: ["ETag", "Retry-After", "Preference-Applied"],
      refusals: ["not_found", "invalid"],
    },
    async respond(request) {
      const key = { accountId: request.caller.accountId, id: readBulkActionId(request.params) };
      const view = readView(request);
      const waitSeconds = readWaitSeconds(request.headers);
      const response =
        waitSeconds === undefined
          ? await retrieve(request, view, readAtOnce(request, key, view, context), context)
          : await retrieveLater(request, key, view, waitSeconds, context);
      return { ...response, bulkActionId: key.id };
    },
  };
}

/** This endpoint's example shows what `expand` does. */
const detailedQuery = shortViewQuery.extend({
  expand: viewQuery.shape.expand.meta({ param: { example: ["details"] } }),
});

const conditionalHeaders = z.object({
  Prefer: waitHeader,
  "If-None-Match": z.string().optional().meta({ description: "The `ETag` of the caller's copy." }),
});

type Reading = {
  /** Finds the headers of the response without reading ids. */
  findHeaders(): Promise<PollingHeaders | undefined>;
  find(): Promise<ViewedBulkAction | undefined>;
};

function readAtOnce(request: ApiRequest, key: BulkActionKey, view: View, context: ApiContext): Reading {
  return {
    async findHeaders() {
      const [progress] = await readProgress(context.database, [key]);
      return progress && headersOf(progress, view, context);
    },
    find: () => findForView(key, view, request, context),
  };
}

async function retrieve(
  { headers }: ApiRequest,
  view: View,
  reading: Reading,
  context: ApiContext,
): Promise<ApiResponse> {
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    const polling = await reading.findHeaders();
    if (polling === undefined) throw bulkActionNotFound();
    if (isNamed(polling.ETag, ifNoneMatch)) return { kind: "not_modified", headers: polling };
  }
  const bulkAction = await reading.find();
  if (bulkAction === undefined) throw bulkActionNotFound();
  const body = presentView(bulkAction, view, context);
  return { kind: "json", body, headers: headersOf(bulkAction, view, context) };
}

function headersOf(progress: BulkActionProgress, view: View, context: ApiContext): PollingHeaders {
  const details = showsDetails(view) ? presentDetails(progress, presentationOf(context)) : undefined;
  return pollingHeaders(progress, view.fields, details);
}

async function retrieveLater(
  request: ApiRequest,
  key: BulkActionKey,
  view: View,
  seconds: number,
  context: ApiContext,
): Promise<ApiResponse> {
  const watch = await loadWatch(context.watcher, key, request.ended);
  const isEnough = notYetKnown(request.headers["if-none-match"], view, context);
  const progress = await waitUntil(isEnough, watch, seconds, request.ended);
  // The caller has disconnected.
  if (request.ended.aborted) return { kind: "not_modified" };
  const findHeaders = async () => headersOf(progress, view, context);
  const find = () => loadForView(watch, progress, view, request, context);
  const response = await retrieve(request, view, { findHeaders, find }, context);
  return { ...response, headers: { ...response.headers, ...waitApplied(seconds) } };
}

/** Returns the condition that ends a wait: the end of the bulk action or, for a caller with a copy, any change. */
function notYetKnown(
  ifNoneMatch: string | undefined,
  view: View,
  context: ApiContext,
): (progress: BulkActionProgress) => boolean {
  return (progress) =>
    !isOpen(progress.status) ||
    (ifNoneMatch !== undefined && !isNamed(headersOf(progress, view, context).ETag, ifNoneMatch));
}
