import { createHash } from "node:crypto";
import type { JournalKind } from "@bulk/store/journal/journal";
import { recordChange } from "@bulk/store/journal/record-change";
import { countOpen, type OpenScope } from "@bulk/store/operations/open-work";
import { toKey } from "@bulk/store/operations/pause-scope";
import { listPauses, type Pause, resume } from "@bulk/store/operations/pauses";
import { clearThrottle, listThrottles, type Throttle } from "@bulk/store/operations/throttles";
import express, { type Request, type Router } from "express";
import { PageError } from "../../sign-in/page-error.ts";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { requireOperator, userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { ask } from "../render/ask.ts";
import { describePause, nameScope } from "../render/describe-pause.ts";
import { linkToResume, type NoticeLink, noticeThrottle } from "../render/notice.ts";
import { countRecords, inGroupsOf, inWords } from "../render/words.ts";
import { notPaused, notThrottled } from "./changes.ts";
import { readForm } from "./read-form.ts";

/** Serves the pages that end what holds or slows more than one bulk action: a wide pause, and a throttle. */
export function serveSwitches(context: ConsoleContext): Router {
  const router = express.Router();
  for (const { path, kind, load } of SWITCHES) {
    router.get(path, requireOperator, async ({ query }, response) => {
      const { title, words, consequence, link, subject, shown } = await load(query, context);
      const { actionCount, recordCount, isMore } = await countOpen(context.database, subject);
      await ask(response, {
        ...{ title, label: link.words, action: link.to, back: CONSOLE_PATH, shown },
        sentences: [
          `${words} ${consequence}`,
          `It concerns ${isMore ? "at least " : ""}${inGroupsOf(actionCount, "open bulk action")} with ${countRecords(recordCount)}, and those to come.`,
        ],
      });
    });
    router.post(path, ...readForm, async ({ query, body }, response) => {
      const { subject, shown, end } = await load(query, context);
      if (body.shown !== shown)
        throw new PageError(409, "It has changed since you looked. Look at it again.");
      await recordChange(context.api.database, { kind, by: userOf(response).name, ...subject }, end);
      context.now.forget();
      response.redirect(303, CONSOLE_PATH);
    });
  }
  return router;
}

type Ending = {
  readonly title: string;
  /** What it is that ends. */
  readonly words: string;
  /** The word on the button, and the page's address. */
  readonly link: NoticeLink;
  readonly consequence: string;
  readonly subject: OpenScope;
  /** Changes when somebody replaces it: what was agreed to is ended, and nothing else. */
  readonly shown: string;
  /** Throws `not_found` if it is not there any more. */
  readonly end: () => Promise<void>;
};

type Switch = {
  readonly path: string;
  readonly kind: JournalKind;
  /** Finds what is to end by the page's address, which names it exactly. Throws `not_found`. */
  readonly load: (query: Request["query"], context: ConsoleContext) => Promise<Ending>;
};

const SWITCHES: readonly Switch[] = [
  {
    path: "/pauses/resume",
    kind: "resume",
    async load(query, { api, database }) {
      const [found] = (await listPauses(database)).flatMap((pause) => {
        const { scope } = pause;
        if (scope.kind === "declaration" || scope.kind === "bulk_action") return [];
        const key = toKey(scope);
        return key.scope === query["scope"] && key.subject === query["subject"] ? [{ pause, scope }] : [];
      });
      if (found === undefined) throw notPaused();
      const { pause, scope } = found;
      return {
        title: `Resume: ${nameScope(pause)}`,
        ...{ words: describePause(pause), link: linkToResume(pause, scope) },
        consequence: "Work goes on within a few seconds, unless another pause holds it.",
        subject: {
          ...("accountId" in scope && { accountId: scope.accountId }),
          ...("actionType" in scope && { actionType: scope.actionType }),
        },
        shown: digest(pause),
        async end() {
          if (!(await resume(api.database, scope))) throw notPaused();
        },
      };
    },
  },
  {
    path: "/throttles/remove",
    kind: "unthrottle",
    async load(query, { api, database }) {
      const throttle = (await listThrottles(database)).find(
        ({ actionType }) => (actionType ?? "") === query["type"],
      );
      if (throttle === undefined) throw notThrottled();
      const { actionType } = throttle;
      return {
        title: `Remove throttle: ${actionType === null ? "all types together" : inWords(actionType)}`,
        ...noticeThrottle(throttle),
        consequence: "After that workers are as fast as the database allows.",
        subject: actionType === null ? {} : { actionType },
        shown: digest(throttle),
        async end() {
          if (!(await clearThrottle(api.database, actionType))) throw notThrottled();
        },
      };
    },
  },
];

function digest(found: Pause | Throttle): string {
  return createHash("sha256").update(JSON.stringify(found)).digest("base64url");
}
