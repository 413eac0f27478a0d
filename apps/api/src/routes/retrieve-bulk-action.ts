import { isOpen } from "@bulk/domain/bulk-action";
import { presentDetails } from "@bulk/domain/present-details";
import { bulkActionNotFound } from "@bulk/domain/refusals";
import { type BulkActionKey, type BulkActionProgress, readProgress } from "@bulk/store/bulk-action-progress";
import { z } from "zod";
import { readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { EXAMPLE_DETAILS, exampleSparseBulkAction } from "../examples.ts";
import { isNamed, type PollingHeaders, pollingHeaders } from "../polling.ts";
import { readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import {
  findForView,
  loadForView,
  presentView,
  shortViewQuery,
  showsDetails,
  type View,
  type ViewedBulkAction,
  viewQuery,
} from "../view.ts";
import { loadWatch, readWaitSeconds, waitApplied, waitHeader, waitUntil } from "../waiting.ts";
import { bulkActionAnswer } from "../wire.ts";

/** `GET /v1/bulk_actions/{id}` */
export function retrieveBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "retrieveBulkAction",
      summary: "Retrieve a bulk action",
      description:
        "Another account's bulk action does not exist for the caller. Send the `ETag` of the last answer as " +
        "`If-None-Match`: 304 while nothing has changed. `Retry-After` is there as long as it is open. To be " +
        "answered as soon as it has ended, send `Prefer: wait=N`; together with `If-None-Match` as soon as " +
        "anything has changed.",
      query: detailedQuery,
      headers: conditionalHeaders,
      answer: bulkActionAnswer.meta({
        examples: [{ ...exampleSparseBulkAction("succeeded"), details: EXAMPLE_DETAILS }],
      }),
      answerHeaders: ["ETag", "Retry-After", "Preference-Applied"],
      refusals: ["not_found", "invalid"],
    },
    async answer(request) {
      const key = { accountId: request.caller.accountId, id: readBulkActionId(request.params) };
      const view = {
        ...validate("bulk_action", viewQuery, readQuery(request.query)),
        retentionDays: context.config.RETENTION_DAYS,
      };
      const waitSeconds = readWaitSeconds(request.headers);
      const answer =
        waitSeconds === undefined
          ? await retrieve(request, view, readAtOnce(request, key, view, context))
          : await retrieveLater(request, key, view, waitSeconds, context);
      return { ...answer, bulkActionId: key.id };
    },
  };
}

/** Of the endpoints that take `expand`, this one's example shows what it does. */
const detailedQuery = shortViewQuery.extend({
  expand: viewQuery.shape.expand.meta({ param: { example: ["details"] } }),
});

const conditionalHeaders = z.object({
  Prefer: waitHeader,
  "If-None-Match": z.string().optional().meta({ description: "The `ETag` of the copy that the caller has." }),
});

/** What the caller sees. */
type LastingView = View & { readonly retentionDays: number };

type Reading = {
  /** The headers of the whole answer, without reading its ids. */
  findHeaders(): Promise<PollingHeaders | undefined>;
  find(): Promise<ViewedBulkAction | undefined>;
};

function readAtOnce(
  request: ApiRequest,
  key: BulkActionKey,
  view: LastingView,
  { database }: ApiContext,
): Reading {
  return {
    async findHeaders() {
      const [progress] = await readProgress(database, [key]);
      return progress && headersOf(progress, view);
    },
    find: () => findForView(database, key, view, request),
  };
}

async function retrieve({ headers }: ApiRequest, view: LastingView, reading: Reading): Promise<ApiAnswer> {
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    const polling = await reading.findHeaders();
    if (polling === undefined) throw bulkActionNotFound();
    if (isNamed(polling.ETag, ifNoneMatch)) return { kind: "not_modified", headers: polling };
  }
  const bulkAction = await reading.find();
  if (bulkAction === undefined) throw bulkActionNotFound();
  const body = presentView(bulkAction, view, view.retentionDays);
  return { kind: "json", body, headers: headersOf(bulkAction, view) };
}

function headersOf(progress: BulkActionProgress, view: LastingView): PollingHeaders {
  const details = showsDetails(view) ? presentDetails(progress, view.retentionDays) : undefined;
  return pollingHeaders(progress, view.fields, details);
}

async function retrieveLater(
  request: ApiRequest,
  key: BulkActionKey,
  view: LastingView,
  seconds: number,
  { watcher }: ApiContext,
): Promise<ApiAnswer> {
  const watch = await loadWatch(watcher, key, request.ended);
  const isEnough = notYetKnown(request.headers["if-none-match"], view);
  const progress = await waitUntil(isEnough, watch, seconds, request.ended);
  // Nobody is left to read an answer.
  if (request.ended.aborted) return { kind: "not_modified" };
  const findHeaders = async () => headersOf(progress, view);
  const answer = await retrieve(request, view, {
    findHeaders,
    find: () => loadForView(watch, progress, view, request),
  });
  return { ...answer, headers: { ...answer.headers, ...waitApplied(seconds) } };
}

/** What ends a wait: the end of the bulk action or, for a caller with a copy, anything not in it. */
function notYetKnown(
  ifNoneMatch: string | undefined,
  view: LastingView,
): (progress: BulkActionProgress) => boolean {
  return (progress) =>
    !isOpen(progress.status) ||
    (ifNoneMatch !== undefined && !isNamed(headersOf(progress, view).ETag, ifNoneMatch));
}
