import { createHash } from "node:crypto";
import { admitRecords } from "@bulk/actions/admission/admit-records";
import type { Creation } from "@bulk/store/bulk-actions/create-bulk-action";
import { uploadBulkAction } from "@bulk/store/bulk-actions/uploading/upload-bulk-action";
import { HEAD_BYTES } from "@bulk/store/record-ids/id-array";
import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import type { ApiContext } from "../../context.ts";
import type { Upload } from "../../http/bodies/upload.ts";
import { countRestoreDays, nudge } from "../creation.ts";
import { readKeyName } from "../idempotency-key.ts";
import type { Submission } from "../submitting/submission.ts";
import { countListed } from "../view.ts";
import { readUpload, UPLOAD_MEMORY } from "./read-upload.ts";
import { readExpectedCount, type UploadParameters } from "./upload-parameters.ts";
import { uploadPlaces } from "./upload-places.ts";

/**
 * Creates a bulk action from the ids of an upload and enqueues its first turns, or finds the one that its idempotency key
 * created before. The whole is accepted, or nothing of it is kept.
 */
export async function submitUpload(
  submission: Submission,
  upload: Upload,
  parameters: UploadParameters,
  context: ApiContext,
): Promise<Creation> {
  await submission.reserve(UPLOAD_MEMORY);
  const creation = await uploadPlaces(context).run(submission.caller, () =>
    store(submission, upload, parameters, context),
  );
  nudge(creation, context);
  return creation;
}

// Whatever can be refused before the ids are read is refused before.
async function store(
  submission: Submission,
  upload: Upload,
  { actionType, restorable, view }: UploadParameters,
  context: ApiContext,
): Promise<Creation> {
  const { config, uploads } = context;
  const { accountId, tokenId } = submission.caller;
  const most = config.MAX_UPLOADED_IDS;
  const expected = readExpectedCount(submission, most);
  const key = readKeyName(submission.headers);
  const { ids, batches: read } = readUpload(upload, actionType, { most, expected }, context);
  await admitRecords(actionType, context);
  const digest = createHash("sha256").update(`${JSON.stringify({ actionType, restorable })}\n`);
  async function* batches(): AsyncGenerator<RecordIds> {
    for await (const batch of read) {
      if (key !== undefined) digest.update(batch.encoded.subarray(HEAD_BYTES));
      yield batch;
    }
    // Before the commit: a bulk action that is created must not be refused.
    if (ids.count() <= countListed(view, context)) await submission.reserveRecords(ids.weight());
  }
  const action = {
    ...{ accountId, createdByTokenId: tokenId, maxOpen: config.MAX_OPEN_ACTIONS, actionType },
    keyType: ids.type,
    idempotencyKey: key === undefined ? undefined : { path: submission.path, key },
    chunkSize: config.CHUNK_SIZE,
    restoreDays: restorable ? countRestoreDays(actionType, context) : 0,
  };
  return await uploadBulkAction(uploads, action, {
    batches: batches(),
    fingerprint: () => digest.copy().digest(),
  });
}
