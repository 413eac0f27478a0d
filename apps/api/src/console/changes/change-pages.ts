import { recordChange } from "@bulk/store/journal/record-change";
import express, { type Router } from "express";
import { PageError } from "../../sign-in/page-error.ts";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { requireOperator, userOf } from "../../sign-in/require-user.ts";
import type { ActionView } from "../action/read-actions.ts";
import type { ConsoleContext } from "../context.ts";
import { ask, type Question } from "../render/ask.ts";
import { countRecords, inWords } from "../render/words.ts";
import { CHANGES, type Change, type Prepared } from "./changes.ts";
import type { Form } from "./form-fields.ts";
import { readForm } from "./read-form.ts";

/** Serves for each change of a bulk action a page that asks, and the change itself. */
export function serveChanges(context: ConsoleContext): Router {
  const router = express.Router();
  for (const change of CHANGES) {
    const path = `/bulk-actions/:id/${change.name}` as const;
    router.get<IdParams>(path, requireOperator, async ({ params }, response) => {
      await ask(response, questionOf(change, await loadPossible(change, params.id, context)));
    });
    router.post<IdParams>(path, ...readForm, async (request, response) => {
      const view = await loadPossible(change, request.params.id, context);
      const form = request.body;
      const prepared = prepare(change, form);
      if (prepared instanceof PageError) {
        response.status(422);
        return await ask(response, { ...questionOf(change, view), fault: prepared.message, form });
      }
      const id = await apply(change, prepared, view, { user: userOf(response).name, context });
      context.actions.forget(request.params.id);
      response.redirect(303, `${CONSOLE_PATH}/bulk-actions/${id}`);
    });
  }
  return router;
}

type IdParams = { id: string };

async function loadPossible(change: Change, id: string, context: ConsoleContext): Promise<ActionView> {
  context.actions.forget(id);
  const view = await context.actions.read(id);
  if (view === undefined) throw new PageError(404, "There is no such bulk action. It may have been pruned.");
  const reason = change.whyNot(view);
  if (reason !== undefined) throw new PageError(409, `${change.label} is not possible. ${reason}`);
  return view;
}

function questionOf(change: Change, view: ActionView): Question {
  const { id, actionType, recordCount, accountName } = view.overview;
  return {
    title: `${change.label}: ${inWords(actionType)} of ${accountName}, ${countRecords(recordCount)}`,
    sentences: change.explain(view),
    ...{ label: change.label, fields: change.fields, isDangerous: change.isDangerous },
    back: `${CONSOLE_PATH}/bulk-actions/${id}`,
    action: `${CONSOLE_PATH}/bulk-actions/${id}/${change.name}`,
  };
}

function prepare(change: Change, form: Form): Prepared | PageError {
  try {
    return change.prepare(form);
  } catch (error) {
    if (error instanceof PageError) return error;
    throw error;
  }
}

async function apply(
  { name, isOfType, createsAnother }: Change,
  { detail, apply: makeChange }: Prepared,
  { overview }: ActionView,
  { user, context }: { readonly user: string; readonly context: ConsoleContext },
): Promise<string> {
  const { id, accountId, actionType } = overview;
  const subject = isOfType ? { actionType } : { accountId, actionType, bulkActionId: id };
  // One that creates another and is refused concerns this one, one that is made the other.
  return await recordChange(
    context.api.database,
    { kind: name, by: user, ...subject, detail },
    () => makeChange(overview, user, context),
    (created) => (createsAnother ? created : undefined),
  );
}
