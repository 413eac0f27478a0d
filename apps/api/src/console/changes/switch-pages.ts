import { isUuid } from "@bulk/domain/is-uuid";
import type { JournalKind } from "@bulk/store/journal/journal";
import { recordChange } from "@bulk/store/journal/record-change";
import { countOpen } from "@bulk/store/operations/open-work";
import { type OperatorScope, toKey } from "@bulk/store/operations/pause-scope";
import { listPauses, resume } from "@bulk/store/operations/pauses";
import { clearThrottle, listThrottles } from "@bulk/store/operations/throttles";
import express, { type Request, type Router } from "express";
import { PageError } from "../../sign-in/page-error.ts";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { requireOperator, userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { describePause, nameScope } from "../render/describe-pause.ts";
import { noticeThrottle } from "../render/notice.ts";
import { renderPage } from "../render/render-page.ts";
import { countRecords, inGroupsOf, inWords } from "../render/words.ts";
import { readForm } from "./read-form.ts";

/** Serves the pages that end what holds or slows more than one bulk action: a wide pause, and a throttle. */
export function serveSwitches(context: ConsoleContext): Router {
  const router = express.Router();
  for (const { path, kind, load } of SWITCHES) {
    router.get(path, requireOperator, async ({ query, originalUrl }, response) => {
      const { title, label, sentence, subject } = await load(query, context);
      const { actionCount, recordCount } = await countOpen(context.database, subject);
      await renderPage(response, "confirm", {
        ...{ title, label, fields: [], fault: undefined, form: {}, isDangerous: false },
        sentences: [
          sentence,
          `It concerns ${inGroupsOf(actionCount, "open bulk action")} with ${countRecords(recordCount)}, and those to come.`,
        ],
        ...{ back: CONSOLE_PATH, action: originalUrl },
      });
    });
    router.post(path, ...readForm, async ({ query }, response) => {
      const { subject, end } = await load(query, context);
      await recordChange(context.api.database, { kind, by: userOf(response).name, ...subject }, async () => {
        if (!(await end())) throw new PageError(409, GONE);
      });
      response.redirect(303, CONSOLE_PATH);
    });
  }
  return router;
}

const GONE = "It has ended meanwhile.";

type Ending = {
  readonly title: string;
  readonly label: string;
  /** What it is that ends. */
  readonly sentence: string;
  readonly subject: { readonly accountId?: string; readonly actionType?: string };
  /** Returns whether it was there. */
  readonly end: () => Promise<boolean>;
};

type Switch = {
  readonly path: string;
  readonly kind: JournalKind;
  /** Reads what is to end from the page's address. Throws `PageError` if it is not there. */
  readonly load: (query: Request["query"], context: ConsoleContext) => Promise<Ending>;
};

const SWITCHES: readonly Switch[] = [
  {
    path: "/pauses/resume",
    kind: "resume",
    async load(query, { api, database }) {
      const scope = readScope(query);
      const key = JSON.stringify(toKey(scope));
      const found = (await listPauses(database)).find(
        (pause) => pause.scope.kind !== "declaration" && JSON.stringify(toKey(pause.scope)) === key,
      );
      if (found === undefined)
        throw new PageError(404, "There is no such pause. It may have ended meanwhile.");
      return {
        title: `Resume: ${nameScope(found)}`,
        label: "Resume",
        sentence: `${describePause(found)} Work goes on within a few seconds, unless another pause holds it.`,
        subject: subjectOf(scope),
        end: () => resume(api.database, scope),
      };
    },
  },
  {
    path: "/throttles/remove",
    kind: "unthrottle",
    async load(query, { api, database }) {
      const actionType = readText(query["type"]);
      const found = (await listThrottles(database)).find((one) => one.actionType === (actionType ?? null));
      if (found === undefined)
        throw new PageError(404, "There is no such throttle. It may have ended meanwhile.");
      return {
        title: `Remove throttle: ${actionType === undefined ? "all types together" : inWords(actionType)}`,
        label: "Remove throttle",
        sentence: `${noticeThrottle(found).words} After that workers are as fast as the database allows.`,
        subject: actionType === undefined ? {} : { actionType },
        end: () => clearThrottle(api.database, found.actionType),
      };
    },
  },
];

function readScope({ account, type }: Request["query"]): OperatorScope {
  const [accountId, actionType] = [readText(account)?.toLowerCase(), readText(type)];
  if (accountId !== undefined && !isUuid(accountId)) throw new PageError(404, "There is no such account.");
  if (accountId !== undefined && actionType !== undefined)
    return { kind: "account_action_type", accountId, actionType };
  if (accountId !== undefined) return { kind: "account", accountId };
  return actionType === undefined ? { kind: "all" } : { kind: "action_type", actionType };
}

function subjectOf(scope: OperatorScope): Ending["subject"] {
  return {
    ...("accountId" in scope && { accountId: scope.accountId }),
    ...("actionType" in scope && { actionType: scope.actionType }),
  };
}

function readText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
