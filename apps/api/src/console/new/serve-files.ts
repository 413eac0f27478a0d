import { randomUUID } from "node:crypto";
import type { Account } from "@bulk/store/accounts/accounts";
import { firstTexts, openFirstIds } from "@bulk/store/record-ids/first-ids";
import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import express, { type Request, type Response, type Router } from "express";
import { onePreview } from "../../bulk-actions/one-of-account.ts";
import { previewNew } from "../../bulk-actions/submitting/preview-new.ts";
import { readUpload, UPLOAD_MEMORY } from "../../bulk-actions/upload/read-upload.ts";
import { submitUpload } from "../../bulk-actions/upload/submit-upload.ts";
import { readUploadParameters, type UploadParameters } from "../../bulk-actions/upload/upload-parameters.ts";
import type { Upload } from "../../http/bodies/upload.ts";
import { parseQuery } from "../../http/input/query.ts";
import type { MemoryClaim } from "../../http/memory/memory-budget.ts";
import { MEMORY_PER_RECORD, MEMORY_PER_REQUEST } from "../../http/memory/memory-costs.ts";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { renderPart } from "../render/render-page.ts";
import { inGroupsOf } from "../render/words.ts";
import { formFault, readWhole } from "./body-of-form.ts";
import { describePreview, MOST_SAMPLE, NO_IDS, type Unconfirmed } from "./describe-preview.ts";
import { loadAccount, refuseHeld } from "./read-new.ts";
import { claimMemory, openFile, operatorSubmission } from "./read-request.ts";
import { recordSubmission } from "./record-submission.ts";
import { readRefusal } from "./refusal.ts";

/**
 * Serves what the script does with a file of ids. It sends the file twice, so that the count which confirms it is exact and
 * every fault is known before: to `/check`, which responds with the preview as a part of the page, and to `/upload`.
 */
export function serveFiles(context: ConsoleContext): Router {
  const router = express.Router();
  router.post("/check", (request, response) =>
    takeFile(request, response, context, async (file) => {
      const content = { ...describePreview(await checkFile(file, context), context), key: randomUUID() };
      response.type("html").send(await renderPart("new/file-preview", content));
    }),
  );
  router.post("/upload", (request, response) =>
    takeFile(request, response, context, async (file) => {
      const id = await submitFile(file, request, userOf(response).name, context);
      response.json({ location: `${CONSOLE_PATH}/bulk-actions/${id}` });
    }),
  );
  return router;
}

/** A file of ids that arrives, and what it is for. */
type SentFile = {
  readonly upload: Upload;
  readonly account: Account;
  readonly parameters: UploadParameters;
  readonly memory: MemoryClaim;
};

async function takeFile(
  request: Request,
  response: Response,
  context: ConsoleContext,
  take: (file: SentFile) => Promise<void>,
): Promise<void> {
  const memory = claimMemory(context, response);
  const upload = openFile(request, response);
  try {
    await take({ upload, memory, ...(await readTarget(request, context)) });
  } catch (error) {
    await upload.discard();
    const { status, headers, faults } = readRefusal(error);
    response.status(status).set(headers).type("html");
    response.send(await renderPart("new/faults", { faults }));
  }
}

async function readTarget(
  { originalUrl }: Request,
  { api, database }: ConsoleContext,
): Promise<Pick<SentFile, "account" | "parameters">> {
  const parameters = parseQuery(originalUrl);
  const query = parameters.filter(([name]) => name !== "account");
  const read = readUploadParameters({ query }, api.registry);
  const account = await loadAccount(new Map(parameters).get("account") ?? "", database);
  await refuseHeld(read.actionType, database);
  return { account, parameters: { ...read, view: NO_IDS } };
}

/** Reads the whole file, and previews as many of its ids as one request may have. */
async function checkFile(
  { upload, account, parameters, memory }: SentFile,
  { api }: ConsoleContext,
): Promise<Unconfirmed> {
  const { MAX_UPLOADED_IDS: most, MAX_RECORD_IDS: mostPreviewed } = api.config;
  const { actionType, restorable } = parameters;
  await memory.raise(MEMORY_PER_REQUEST + UPLOAD_MEMORY + mostPreviewed * MEMORY_PER_RECORD);
  const { ids, batches } = readUpload(upload, actionType, { most, expected: undefined }, api);
  const first = openFirstIds(ids.type, mostPreviewed);
  for await (const batch of batches) first.add(batch);
  const recordIds: RecordIds = await first.finish();
  const action = { kind: "listed", actionType, restorable, recordIds } as const;
  const find = () => previewNew(account.id, action, api);
  const preview = await onePreview(api).run({ accountId: account.id }, find);
  const sample = await firstTexts(recordIds, MOST_SAMPLE);
  const count = ids.count();
  const previewed = Math.min(count, mostPreviewed);
  return { account, preview, sample, isRestorable: restorable, count, previewed };
}

/** Submits the file if it has as many ids as the request says. Returns the id of the bulk action. */
async function submitFile(
  { upload, account, parameters, memory }: SentFile,
  { headers }: Request,
  by: string,
  { api }: ConsoleContext,
): Promise<string> {
  const count = readWhole(String(headers["bulk-expected-count"] ?? ""));
  if (typeof count !== "number") throw formFault("count", "must be the number of records that is shown");
  const submission = operatorSubmission(account.id, headers, memory);
  const detail = `file of ${inGroupsOf(count, "id")}`;
  const entry = { by, accountId: account.id, actionType: parameters.actionType, detail };
  return await recordSubmission(api.database, entry, () => submitUpload(submission, upload, parameters, api));
}
