import { explain, nameOutcome } from "@bulk/domain/bulk-actions/outcome";
import { effectWord, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { isUuid } from "@bulk/domain/is-uuid";
import { findByFirstDigits, findOwner } from "@bulk/store/accounts/accounts";
import { findRecord, type RecordHit, type RecordHits } from "@bulk/store/search/find-record";
import express, { type Router } from "express";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import type { ConsoleContext } from "../context.ts";
import { renderPage } from "../render/render-page.ts";
import { inWords } from "../render/words.ts";

/** More bulk actions with one record are not listed. */
const MOST_HITS = 50;

/** The longest id of a record. */
const MOST_CHARACTERS = 1_000;

/**
 * Serves the search of the console's head: the page of the bulk action of this id, or else what happened to the record of
 * this id, in which bulk actions of all accounts; with links to the bulk actions whose ids begin like this.
 */
export function serveFind({ database, config, api }: ConsoleContext): Router {
  const router = express.Router();
  router.get("/find", async ({ query }, response) => {
    const given = typeof query["id"] === "string" ? query["id"] : "";
    const bulkActionId = given.trim().toLowerCase();
    if (isUuid(bulkActionId) && (await findOwner(database, bulkActionId)) !== undefined) {
      response.redirect(303, `${CONSOLE_PATH}/bulk-actions/${bulkActionId}`);
      return;
    }
    const begun = (await findByFirstDigits(database, bulkActionId)) ?? [];
    const isOn = config.RECORD_SEARCH === "on";
    const isTooLong = given.length > MOST_CHARACTERS;
    const found = isOn && !isTooLong && given !== "" ? await findRecord(database, given, MOST_HITS) : NOTHING;
    await renderPage(response, "find", {
      ...{ given, begun, isOn, isTooLong, most: MOST_HITS, ...found },
      hits: found.hits.map((hit) => describe(hit, api.registry)),
    });
  });
  return router;
}

const NOTHING: RecordHits = { hits: [], hasMore: false, isPartial: false };

function describe(hit: RecordHit, effects: RecordEffects) {
  const { actionType, outcome, code } = hit;
  return {
    ...hit,
    outcome: inWords(nameOutcome(outcome, effectWord(effects, actionType))),
    reason: code === null ? undefined : explain(code, effects.get(actionType)?.skips).message,
  };
}
