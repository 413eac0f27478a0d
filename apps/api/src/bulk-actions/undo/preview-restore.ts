import { composeAction } from "@bulk/actions/action";
import { admitRecords } from "@bulk/actions/admission/admit-records";
import { loadRestoration } from "@bulk/actions/admission/load-restoration";
import { previewRestore as findPreview } from "@bulk/store/bulk-actions/restoring/preview-restore";
import { EXAMPLE_RESTORE_PREVIEW } from "@bulk/wire/examples";
import { bulkActionPreview, presentPreview } from "@bulk/wire/preview";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../../context.ts";
import { readBulkActionId } from "../../http/input/bulk-action-id.ts";
import { type RestoreBody, restoreBody } from "../body/restore-body.ts";
import { onePreview, PREVIEW_TIMEOUT_MS } from "../one-of-account.ts";

/** `POST /v1/bulk_actions/{id}/restore/preview` */
export function previewRestore(context: ApiContext): Endpoint {
  const body = restoreBody(context);
  const one = onePreview(context);
  return {
    operation: {
      id: "previewRestore",
      summary: "Preview a restore",
      description:
        "Returns what the same request without `/preview` would do now: how many records would come back, and why the " +
        "others would not. Changes nothing. The same errors say that nothing can be restored. An account may run one " +
        "preview at a time; others get 429 meanwhile.",
      body: body.schema,
      isBodyOptional: true,
      takesRecordIds: true,
      response: bulkActionPreview.meta({ examples: [EXAMPLE_RESTORE_PREVIEW] }),
      refusals: ["not_found", "conflict", "gone", "invalid"],
      changes: "nothing",
    },
    admit: one.admit,
    respond: (request) => one.run(request.caller, () => preview(request, body, context)),
  };
}

async function preview(request: ApiRequest, body: RestoreBody, context: ApiContext): Promise<ApiResponse> {
  const { database, registry } = context;
  const { accountId } = request.caller;
  const id = readBulkActionId(request.params);
  const content = body.open(request.body);
  const restoration = await loadRestoration({ accountId, id }, context);
  const recordIds = await body.read(content, restoration.key.type);
  await admitRecords(restoration.type, context);
  const effect = await composeAction(restoration, database);
  const query = { accountId, id, recordIds, timeoutMs: PREVIEW_TIMEOUT_MS };
  const found = await findPreview(database, effect, query);
  return {
    kind: "json",
    body: presentPreview(restoration.type, found, registry),
    bulkActionId: id,
  };
}
