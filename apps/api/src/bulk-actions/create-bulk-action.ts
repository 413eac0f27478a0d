import { bulkActionResponse } from "@bulk/wire/bulk-action";
import { exampleBulkAction } from "@bulk/wire/examples";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { type NewBulkActionBody, newBulkActionBody } from "./body/new-bulk-action.ts";
import { creationHeaders, respondCreated } from "./creation.ts";
import { submit } from "./submitting/submit.ts";
import { createFromUpload } from "./upload/create-from-upload.ts";
import {
  createQuery,
  expectedCount,
  readViewOfBody,
  refuseExpectedCount,
} from "./upload/upload-parameters.ts";
import { uploadSchemas } from "./upload/upload-schemas.ts";

/** `POST /v1/bulk_actions` */
export function createBulkAction(context: ApiContext): Endpoint {
  const body = newBulkActionBody(context);
  return {
    operation: {
      id: "createBulkAction",
      summary: "Submit a bulk action",
      description:
        "A 200 means that the bulk action is durable and will reach a terminal status, whatever fails afterwards. " +
        "Records are changed in the background. Ids that the action does not apply to (unknown, of another account, " +
        "in use) are skipped and listed in `skipped_record_ids`. What the action removes is kept, so that it can be " +
        'restored until `details.restorable_until`. Send `"restorable": false` to keep nothing. ' +
        "A file or stream of ids (CSV or NDJSON) may have more ids than JSON. It is accepted as a whole, or refused with the " +
        "line of the first fault and nothing is kept of it. In JSON, `filter` selects the records in place of `record_ids`: those " +
        "that match now are written down, and the filter is checked again when they are changed " +
        "(`record.no_longer_matches`). Errors: `bulk_action.too_many_matches`, `bulk_action.count_changed`, " +
        "`bulk_action.nothing_matches`.",
      query: createQuery(context.registry),
      allowsParameters: true,
      ...creationHeaders,
      headers: creationHeaders.headers.extend({ "Bulk-Expected-Count": expectedCount }),
      body: { ...body.schema, ...uploadSchemas(context) },
      takesRecordIds: true,
      takesStreams: true,
      response: bulkActionResponse(context.registry).meta({ examples: [exampleBulkAction("pending")] }),
      refusals: ["conflict", "invalid"],
    },
    respond: (request) =>
      request.upload === undefined
        ? create(request, body, context)
        : createFromUpload(request, request.upload, context),
  };
}

async function create(
  request: ApiRequest,
  body: NewBulkActionBody,
  context: ApiContext,
): Promise<ApiResponse> {
  refuseExpectedCount(request);
  const action = body.parse(request.body);
  const view = readViewOfBody(request, context.registry);
  const creation = await submit({ ...request, path: "/v1/bulk_actions" }, action, view, context);
  return await respondCreated(creation, view, request, context);
}
