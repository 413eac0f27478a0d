import { createHash } from "node:crypto";
import { admitRecords } from "@bulk/actions/admission/admit-records";
import { creationUnknown } from "@bulk/domain/errors/refusals";
import type { Creation } from "@bulk/store/bulk-actions/create-bulk-action";
import type { Retry } from "@bulk/store/bulk-actions/retry-bulk-action";
import { uploadBulkAction } from "@bulk/store/bulk-actions/uploading/upload-bulk-action";
import { HEAD_BYTES } from "@bulk/store/record-ids/id-array";
import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import type { ApiContext, ApiRequest, ApiResponse } from "../../context.ts";
import type { Upload } from "../../http/bodies/upload.ts";
import { countRestoreDays, nudge, respondCreated } from "../creation.ts";
import { readKeyName } from "../idempotency-key.ts";
import { countListed, findForView, type View } from "../view.ts";
import { batchIds } from "./batch-ids.ts";
import { readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import { readExpectedCount, readUploadParameters, type UploadParameters } from "./upload-parameters.ts";
import { createUploadPlaces } from "./upload-places.ts";
import { expectComplete, openUploadedIds } from "./uploaded-ids.ts";

/** Creates bulk actions from files and streams of ids. */
export type Uploads = {
  create(request: ApiRequest, upload: Upload): Promise<ApiResponse>;
};

/** A batch as it arrives, in the statement and in the driver; pieces of the body; a line. */
const UPLOAD_MEMORY = 8 * 1024 * 1024;

/** The average size of a record of CSV at most: no file of so many records is longer. */
const BYTES_PER_LINE = 1_024;

export function openUploads(context: ApiContext): Uploads {
  const places = createUploadPlaces(context.uploads);
  return {
    async create(request, upload) {
      try {
        const parameters = readUploadParameters(request, context.registry);
        await request.reserve(UPLOAD_MEMORY);
        const creation = await places.run(request.caller, () => store(request, upload, parameters, context));
        nudge(creation, context);
        const found = await attachIds(creation, parameters.view, request, context);
        return await respondCreated(found, parameters.view, request, context);
      } catch (error) {
        await upload.discard();
        throw error;
      }
    },
  };
}

// Whatever can be refused before the ids are read is refused before.
async function store(
  request: ApiRequest,
  upload: Upload,
  { actionType, restorable, view }: UploadParameters,
  context: ApiContext,
): Promise<Creation> {
  const { config, uploads } = context;
  const { accountId, tokenId } = request.caller;
  const most = config.MAX_UPLOADED_IDS;
  const expected = readExpectedCount(request, most);
  const key = readKeyName(request.headers);
  const { name, type } = findKey(actionType, context);
  await admitRecords(actionType, context);
  const ids = openUploadedIds(type, [...new Set([name.toLowerCase(), "id", "record_id"])], {
    most,
    expected,
  });
  const digest = createHash("sha256").update(`${JSON.stringify({ actionType, restorable })}\n`);
  let lines = 0;
  async function* batches(): AsyncGenerator<RecordIds> {
    const read = upload.format === "csv" ? readCsv : readNdjson;
    const reading = read(upload.read(most * BYTES_PER_LINE), ids, (line) => (lines = line));
    for await (const batch of batchIds(reading, ids)) {
      if (key !== undefined) digest.update(batch.encoded.subarray(HEAD_BYTES));
      yield batch;
    }
    expectComplete(ids.count(), expected, lines);
    // Before the commit: a bulk action that is created must not be refused.
    if (ids.count() <= countListed(view, context)) await request.reserveRecords(ids.weight());
  }
  const action = {
    ...{ accountId, createdByTokenId: tokenId, maxOpen: config.MAX_OPEN_ACTIONS, actionType, keyType: type },
    idempotencyKey: key === undefined ? undefined : { path: "/v1/bulk_actions", key },
    chunkSize: config.CHUNK_SIZE,
    restoreDays: restorable ? countRestoreDays(actionType, context) : 0,
  };
  return await uploadBulkAction(uploads, action, {
    batches: batches(),
    fingerprint: () => digest.copy().digest(),
  });
}

function findKey(actionType: string, { registry }: Pick<ApiContext, "registry">) {
  const action = registry.get(actionType);
  if (action === undefined) throw new Error(`The registry has lost ${actionType}.`);
  return action.key;
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
