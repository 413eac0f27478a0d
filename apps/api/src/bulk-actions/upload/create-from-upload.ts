import { creationUnknown } from "@bulk/domain/errors/refusals";
import type { Creation } from "@bulk/store/bulk-actions/create-bulk-action";
import type { Retry } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { ApiContext, ApiRequest, ApiResponse } from "../../context.ts";
import type { Upload } from "../../http/bodies/upload.ts";
import { respondCreated } from "../creation.ts";
import { countListed, findForView, type View } from "../view.ts";
import { submitUpload } from "./submit-upload.ts";
import { readUploadParameters } from "./upload-parameters.ts";

/** Creates a bulk action from a file or stream of ids. Reads what the caller still sends if it is refused. */
export async function createFromUpload(
  request: ApiRequest,
  upload: Upload,
  context: ApiContext,
): Promise<ApiResponse> {
  try {
    const parameters = readUploadParameters(request, context.registry);
    const submission = { ...request, path: "/v1/bulk_actions" };
    const creation = await submitUpload(submission, upload, parameters, context);
    const found = await attachIds(creation, parameters.view, request, context);
    return await respondCreated(found, parameters.view, request, context);
  } catch (error) {
    await upload.discard();
    throw error;
  }
}

/** Reads the ids of the new bulk action if the view lists them: they have left the memory. */
async function attachIds(
  creation: Creation,
  view: View,
  request: ApiRequest,
  context: ApiContext,
): Promise<Retry> {
  if (creation.kind !== "created") return creation;
  const { bulkAction } = creation;
  if (bulkAction.recordCount > countListed(view, context)) return creation;
  const found = await findForView(bulkAction, view, request, context).catch((cause: unknown) => {
    throw Object.assign(creationUnknown(), { cause });
  });
  return { kind: "created", bulkAction: { ...bulkAction, ...found } };
}
