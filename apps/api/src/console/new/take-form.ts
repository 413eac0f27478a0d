import { randomUUID } from "node:crypto";
import { RequestError } from "@bulk/domain/errors/request-error";
import { firstTexts } from "@bulk/store/record-ids/first-ids";
import type { Request, Response } from "express";
import type { NewBulkAction } from "../../bulk-actions/body/new-bulk-action.ts";
import { onePreview } from "../../bulk-actions/one-of-account.ts";
import { previewNew } from "../../bulk-actions/submitting/preview-new.ts";
import type { Submission } from "../../bulk-actions/submitting/submission.ts";
import { submit } from "../../bulk-actions/submitting/submit.ts";
import type { MemoryClaim } from "../../http/memory/memory-budget.ts";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { renderPage } from "../render/render-page.ts";
import { inGroups, inGroupsOf } from "../render/words.ts";
import { formFault, readWhole } from "./body-of-form.ts";
import { describeForm } from "./describe-form.ts";
import { describePreview, MOST_SAMPLE, NO_IDS, type Unconfirmed } from "./describe-preview.ts";
import type { NewForm } from "./new-form.ts";
import { loadAccount, readNew } from "./read-new.ts";
import { claimMemory, operatorSubmission, readSentForm, type SentForm } from "./read-request.ts";
import { recordSubmission } from "./record-submission.ts";
import { type Refusal, readRefusal } from "./refusal.ts";

/** Takes a step with the form that was sent: its preview, back to the form, or the submission. */
export async function takeForm(request: Request, response: Response, context: ConsoleContext): Promise<void> {
  const memory = claimMemory(context, response);
  const sent = await readSentForm(request, memory, context);
  switch (sent.step) {
    case "back":
      return await showForm(await nameAccount(sent.form, context), undefined, response, context);
    case "preview":
      return await showPreview(sent, undefined, response, context);
    case "submit":
      return await confirm(sent, memory, response, context);
    default:
      throw new RequestError("malformed", "request.malformed", "The form has no such step.");
  }
}

// A preview is of an account, whatever its name becomes.
async function nameAccount(form: NewForm, { database }: ConsoleContext): Promise<NewForm> {
  const account = await loadAccount(form.account, database).catch(() => undefined);
  return { ...form, account: account?.name ?? form.account };
}

/** Sends the form as it was filled in, with what was refused of it. */
export async function showForm(
  form: NewForm,
  refusal: Refusal | undefined,
  response: Response,
  context: ConsoleContext,
): Promise<void> {
  const content = await describeForm(form, context);
  response.status(refusal?.status ?? 200).set(refusal?.headers ?? {});
  await renderPage(response, "new/form", { ...content, faults: refusal?.faults ?? [] });
}

// What cannot be previewed is shown as the form, with the faults of both.
async function showPreview(
  sent: SentForm,
  refusal: Refusal | undefined,
  response: Response,
  context: ConsoleContext,
): Promise<void> {
  const preview = await previewForm(sent, context).catch(readRefusal);
  if ("faults" in preview) {
    const faults = [...(refusal?.faults ?? []), ...preview.faults];
    return await showForm(sent.form, { ...preview, ...refusal, faults }, response, context);
  }
  response.status(refusal?.status ?? 200).set(refusal?.headers ?? {});
  await renderPage(response, "new/preview", {
    ...describePreview(preview, context),
    // What was not accepted is sent again with its key, in case that it was.
    form: { ...sent.form, key: refusal === undefined ? randomUUID() : sent.form.key },
    faults: refusal?.faults ?? [],
  });
}

async function previewForm({ form, run }: SentForm, context: ConsoleContext): Promise<Unconfirmed> {
  const { api } = context;
  const { account, action } = await readNew(form, undefined, run, context);
  const find = () => previewNew(account.id, action, api);
  const preview = await onePreview(api).run({ accountId: account.id }, find);
  const sample =
    action.kind === "listed"
      ? await firstTexts(action.recordIds, MOST_SAMPLE)
      : (preview.sample_record_ids ?? []).slice(0, MOST_SAMPLE);
  const { total } = preview;
  return { account, preview, sample, isRestorable: form.isRestorable, count: total, previewed: total };
}

async function confirm(
  sent: SentForm,
  memory: MemoryClaim,
  response: Response,
  context: ConsoleContext,
): Promise<void> {
  const submitted = await submitForm(sent, memory, userOf(response).name, context).catch(readRefusal);
  if (typeof submitted === "string") response.redirect(303, `${CONSOLE_PATH}/bulk-actions/${submitted}`);
  else await showPreview(sent, submitted, response, context);
}

/** Submits the form if its count is right. Returns the id of the bulk action. */
async function submitForm(
  { form, run }: SentForm,
  memory: MemoryClaim,
  by: string,
  context: ConsoleContext,
): Promise<string> {
  const { api } = context;
  const count = readWhole(form.count);
  if (typeof count !== "number") throw formFault("count", "must be the number of records that is shown");
  const { account, action } = await readNew(form, count, run, context);
  if (action.kind === "listed" && action.recordIds.count !== count)
    throw formFault("count", `is ${inGroups(count)}, and there are ${inGroups(action.recordIds.count)} ids`);
  const headers: Submission["headers"] = { "idempotency-key": form.key };
  const submission = operatorSubmission(account.id, headers, memory);
  const entry = { by, accountId: account.id, actionType: action.actionType, detail: tell(action) };
  return await recordSubmission(api.database, entry, () => submit(submission, action, NO_IDS, api));
}

function tell(action: NewBulkAction): string {
  if (action.kind === "listed") return inGroupsOf(action.recordIds.count, "id");
  return `filter ${JSON.stringify(action.filter)}`;
}
