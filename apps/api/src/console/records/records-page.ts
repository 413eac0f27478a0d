import { pipeline } from "node:stream/promises";
import { explain, nameOutcome, RECORD_OUTCOMES, type RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import { effectWord, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { isUuid } from "@bulk/domain/is-uuid";
import { type ActionOverview, readActionOverviews } from "@bulk/store/bulk-actions/reading/action-overview";
import { locateRecordsAfter } from "@bulk/store/records/locate-records";
import { collectRecords } from "@bulk/store/records/walk-records";
import express, { type Response, type Router } from "express";
import { PageError } from "../../sign-in/page-error.ts";
import { userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { INCOMPLETE_ADDRESS } from "../render/place.ts";
import { renderPage } from "../render/render-page.ts";
import { inWords } from "../render/words.ts";
import { type ExportFormat, writeRecords } from "./write-records.ts";

/** Serves the records of a bulk action, all or those of one outcome, page by page and as a file. */
export function serveRecords(context: ConsoleContext): Router {
  const router = express.Router();
  router.get("/bulk-actions/:id/records", async ({ params, query }, response) => {
    const overview = await load(params.id, context);
    const outcome = readOutcome(query["outcome"]);
    const behind = readPosition(query["after"]);
    const { registry } = context.api;
    const effect = effectWord(registry, overview.actionType);
    const { count, records, isMore } = await readPage(overview, outcome, behind, context);
    const choices = RECORD_OUTCOMES.map((one) => [one, inWords(nameOutcome(one, effect))] as const);
    await renderPage(response, "records", {
      ...{ overview, outcome, count, choices, behind },
      records: describe(records, overview, registry),
      older: isMore ? records.at(-1)?.position : undefined,
    });
  });
  const running: string[] = [];
  for (const format of ["csv", "ndjson"] as const) {
    router.get(`/bulk-actions/:id/records.${format}`, async (request, response) => {
      const overview = await load(String(request.params["id"]), context);
      const outcome = readOutcome(request.query["outcome"]);
      await sendFile(overview, format, { outcome, response, context, running });
    });
  }
  return router;
}

async function load(id: string, { database }: ConsoleContext): Promise<ActionOverview> {
  const [overview] = isUuid(id) ? await readActionOverviews(database, [id.toLowerCase()]) : [];
  if (overview !== undefined) return overview;
  throw new PageError(404, "There is no such bulk action. It may have been pruned.");
}

/** The position after which the first page begins. */
const BEFORE_ALL = -1;

function readPosition(after: unknown): number {
  if (after === undefined || after === "") return BEFORE_ALL;
  if (typeof after === "string" && /^\d{1,9}$/.test(after)) return Number(after);
  throw new PageError(422, INCOMPLETE_ADDRESS);
}

// Without this, the page would be of more records than was asked for.
function readOutcome(name: unknown): RecordOutcome | undefined {
  if (name === undefined || name === "") return undefined;
  const outcome = RECORD_OUTCOMES.find((one) => one === name);
  if (outcome === undefined) throw new PageError(422, "There is no such outcome.");
  return outcome;
}

const ROWS = 50;

async function readPage(
  { accountId, id }: ActionOverview,
  outcome: RecordOutcome | undefined,
  behind: number,
  { database }: ConsoleContext,
) {
  const outcomes = outcome && [outcome];
  const place = await locateRecordsAfter(database, accountId, id, { outcomes, after: behind });
  if (place === undefined) throw new PageError(404, "The bulk action was pruned.");
  // One more shows whether another page follows.
  const found = await collectRecords(database, accountId, id, { outcomes, place, behind, most: ROWS + 1 });
  return { count: place.count, records: found.slice(0, ROWS), isMore: found.length > ROWS };
}

function describe(
  records: Awaited<ReturnType<typeof collectRecords>>,
  { actionType }: ActionOverview,
  effects: RecordEffects,
) {
  const skips = effects.get(actionType)?.skips;
  const effect = effectWord(effects, actionType);
  return records.map(({ position, recordId, outcome, code }) => ({
    ...{ position, recordId, code },
    outcome: inWords(nameOutcome(outcome, effect)),
    reason: code === undefined ? undefined : explain(code, skips).message,
  }));
}

/** Each has a few chunks in memory. One user cannot keep the others from theirs. */
const [MOST_EXPORTS, MOST_OF_A_USER] = [10, 2];

/** A browser that reads nothing for so long has gone. */
const SILENT_MS = 60_000;

type Sending = {
  /** Only records with this one. */
  readonly outcome: RecordOutcome | undefined;
  readonly response: Response;
  readonly context: ConsoleContext;
  /** The names of the users whose exports run. */
  readonly running: string[];
};

async function sendFile(
  overview: ActionOverview,
  format: ExportFormat,
  { outcome, response, context, running }: Sending,
): Promise<void> {
  const { name } = userOf(response);
  const own = running.filter((one) => one === name).length;
  if (own >= MOST_OF_A_USER)
    throw new PageError(503, `${MOST_OF_A_USER} exports of yours are running. Wait until one has ended.`);
  if (running.length >= MOST_EXPORTS)
    throw new PageError(503, "Too many exports of others are running. Try again soon.");
  running.push(name);
  try {
    response
      .attachment(`${overview.id}${outcome === undefined ? "" : `-${outcome}`}.${format}`)
      .type(format === "csv" ? "text/csv" : "application/x-ndjson");
    response.setTimeout(SILENT_MS, () => response.destroy());
    // A browser that leaves ends the walk.
    await pipeline(writeRecords(overview, outcome, format, context), response).catch(() =>
      response.destroy(),
    );
  } finally {
    running.splice(running.indexOf(name), 1);
  }
}
