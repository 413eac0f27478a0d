import type { JournalEntry, JournalKind } from "@bulk/store/journal/journal";
import { listJournal } from "@bulk/store/journal/list-journal";
import express, { type Router } from "express";
import { PageError } from "../../sign-in/page-error.ts";
import { describeEntry } from "../action/timeline.ts";
import type { ConsoleContext } from "../context.ts";
import { INCOMPLETE_ADDRESS, readPlace, writePlace } from "../render/place.ts";
import { renderPage } from "../render/render-page.ts";
import { inWords } from "../render/words.ts";

const ROWS = 50;

/** Serves the page of changes: who or what changed how work runs, latest first. */
export function serveJournal({ database }: ConsoleContext): Router {
  const router = express.Router();
  router.get("/changes", async ({ query }, response) => {
    const found = await listJournal(database, { limit: ROWS + 1, before: readBefore(query["before"]) });
    const entries = found.slice(0, ROWS);
    const last = found.length > ROWS ? entries.at(-1) : undefined;
    await renderPage(response, "changes", {
      entries: entries.map((entry) => ({
        ...entry,
        words: describeEntry(entry).words,
        ...nameSubject(entry),
      })),
      older: last && writePlace({ moment: last.at, id: last.id }),
    });
  });
  return router;
}

// What is about neither one bulk action nor one type or account is about all of them.
function nameSubject({ kind, bulkActionId, accountId, accountName, actionType }: JournalEntry) {
  const other = bulkActionId === null && !NAMED.has(kind) ? "all" : "–";
  return {
    type: actionType === null ? other : inWords(actionType),
    account: accountName ?? accountId ?? other,
  };
}

/** Changes of something that has an id. */
const NAMED: ReadonlySet<JournalKind> = new Set([
  "create",
  "cancel",
  "retry",
  "restore",
  "purge",
  "redeliver",
]);

function readBefore(written: unknown): Pick<JournalEntry, "at" | "id"> | undefined {
  if (written === undefined || written === "") return undefined;
  const place = typeof written === "string" ? readPlace(written) : undefined;
  if (place === undefined) throw new PageError(422, INCOMPLETE_ADDRESS);
  return { at: place.moment, id: place.id };
}
