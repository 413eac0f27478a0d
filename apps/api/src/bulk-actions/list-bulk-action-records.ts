import { nameOutcome, RECORD_OUTCOMES, type RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import { effectWord, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import { findActionType } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import { weighIds } from "@bulk/store/bulk-actions/reading/weigh-ids";
import type { Database } from "@bulk/store/database";
import { locateRecords, locateRecordsAfter, type RecordsPlace } from "@bulk/store/records/locate-records";
import { type ActionRecord, collectRecords, walkRecords } from "@bulk/store/records/walk-records";
import { EXAMPLE_IDS } from "@bulk/wire/examples";
import { cursorListOf, presentPage } from "@bulk/wire/list";
import {
  bulkActionRecord,
  bulkActionRecordLines,
  listOutcomes,
  presentRecord,
  recordsUrl,
} from "@bulk/wire/record";
import Negotiator from "negotiator";
import { z } from "zod";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import type { OneAtATime } from "../http/bodies/one-at-a-time.ts";
import { readBulkActionId } from "../http/input/bulk-action-id.ts";
import { cursorQuery, readQuery } from "../http/input/query.ts";
import { validate } from "../http/input/validate.ts";
import { createOneByOne, type OneByOne } from "../http/one-by-one.ts";
import { readCursor, writeCursor } from "./records-cursor.ts";

/** `GET /v1/bulk_actions/{id}/records` */
export function listBulkActionRecords({ database, oneAtATime, registry }: ApiContext): Endpoint {
  const recordsQuery = createQuery(registry);
  const streaming = { oneAtATime, oneByOne: createOneByOne() };
  return {
    operation: {
      id: "listBulkActionRecords",
      summary: "List the outcome of each record",
      description:
        "Lists the records in the order submitted, up to 1,000 per page. To read many, send each page's " +
        "`next_cursor` as `after`. While the bulk action is open, these pages contain every id exactly " +
        "once. With `outcome[]` no id appears twice, but a record that gets its outcome after the cursor " +
        "has passed it is missing. With `Accept: application/x-ndjson` one response contains all records, " +
        "one JSON object per line; `limit`, `page` and `after` are ignored. Each id appears exactly once, " +
        "in its state at the time of reading. A response that breaks off lacks HTTP's last chunk, so " +
        "clients detect it as incomplete.",
      query: recordsQuery,
      response: {
        [JSON_TYPE]: cursorListOf(bulkActionRecord(registry), recordsUrl(EXAMPLE_IDS.bulk_actions)),
        [NDJSON_TYPE]: bulkActionRecordLines,
      },
      refusals: ["not_found", "invalid"],
    },
    async respond(request) {
      const query = validate("bulk_action", recordsQuery, readQuery(request.query));
      return await list(request, query, { database, effects: registry }, streaming);
    },
  };
}

/** A walk has so many chunks in memory. An id of the size of a UUID takes so many bytes: its object, its line, its bytes. */
const [CHUNKS_AT_ONCE, MEMORY_PER_LINE] = [4, 700];

const JSON_TYPE = "application/json";
const NDJSON_TYPE = "application/x-ndjson";

function createQuery(effects: RecordEffects) {
  return cursorQuery.safeExtend({
    outcome: z
      .array(z.enum(listOutcomes(effects)))
      .optional()
      .meta({ description: "Only records with one of these outcomes." }),
  });
}

type RecordsQuery = z.output<ReturnType<typeof createQuery>>;

/** Where records are read, and the words for their outcomes. */
type Source = { readonly database: Database; readonly effects: RecordEffects };

/** Some records of a bulk action of an account. */
type Selection = Source & {
  readonly accountId: string;
  readonly id: string;
  readonly actionType: string;
  readonly outcomes: readonly RecordOutcome[] | undefined;
};

/** The limits that keep streams from blocking the database or the event loop. */
type Streaming = { readonly oneAtATime: OneAtATime; readonly oneByOne: OneByOne };

async function list(
  request: ApiRequest,
  query: RecordsQuery,
  source: Source,
  streaming: Streaming,
): Promise<ApiResponse> {
  const id = readBulkActionId(request.params);
  const { accountId } = request.caller;
  const actionType = await findActionType(source.database, accountId, id);
  if (actionType === undefined) throw bulkActionNotFound();
  const isStream = new Negotiator(request).mediaType([JSON_TYPE, NDJSON_TYPE]) === NDJSON_TYPE;
  const weigh = () => weighIds(source.database, [{ accountId, id }]);
  const weights = isStream ? await streaming.oneByOne(accountId, weigh) : await weigh();
  await request.reserve(CHUNKS_AT_ONCE * (weights.get(id)?.chunk ?? 0) * MEMORY_PER_LINE);
  const outcomes = query.outcome && readOutcomes(query.outcome, effectWord(source.effects, actionType));
  const selection = { ...source, accountId, id, actionType, outcomes };
  const head = { headers: { Vary: "Accept" }, bulkActionId: id };
  if (isStream) {
    return {
      ...head,
      kind: "stream",
      contentType: NDJSON_TYPE,
      pieces: writeLines(selection, request.ended, streaming),
    };
  }
  return { ...head, kind: "json", body: await readPage(selection, query) };
}

// The effect of another action matches no record of this one.
function readOutcomes(asked: readonly string[], effect: string): readonly RecordOutcome[] {
  return RECORD_OUTCOMES.filter((outcome) => asked.includes(nameOutcome(outcome, effect)));
}

/**
 * All streams of an account together read one step at a time. Otherwise many that begin at once would take every
 * connection to the database, and their steps would arrive together: 24 times 4,000 records take 200 ms to format.
 */
async function* writeLines(
  { database, effects, accountId, id, actionType, outcomes }: Selection,
  ended: AbortSignal,
  { oneAtATime, oneByOne }: Streaming,
): AsyncGenerator<string> {
  const steps = walkRecords(database, accountId, id, { outcomes, from: 0 });
  const nextStep = () => oneByOne(accountId, async () => (ended.aborted ? undefined : await steps.next()));
  for (let step = await nextStep(); step !== undefined && step.done !== true; step = await nextStep()) {
    for (const records of sliceRecords(step.value))
      yield await oneAtATime(() => records.map((record) => writeLine(record, actionType, effects)).join(""));
  }
}

function writeLine(record: ActionRecord, actionType: string, effects: RecordEffects): string {
  return `${JSON.stringify(presentRecord(record, actionType, effects))}\n`;
}

/** Takes about a millisecond to write. */
const RECORDS_AT_ONCE = 500;

function* sliceRecords(records: readonly ActionRecord[]): Generator<readonly ActionRecord[]> {
  for (let at = 0; at < records.length; at += RECORDS_AT_ONCE) yield records.slice(at, at + RECORDS_AT_ONCE);
}

async function readPage(selection: Selection, query: RecordsQuery) {
  const { id } = selection;
  const { limit, page = 1, after } = query;
  const behind = after === undefined ? BEFORE_ALL : readCursor(id, after);
  const place = await findPlace(selection, query, behind);
  if (place === undefined) throw bulkActionNotFound();
  // One more than requested shows whether another page follows.
  const records = await collectRecords(selection.database, selection.accountId, id, {
    ...selection,
    place,
    behind,
    most: limit + 1,
  });
  const shown = records.slice(0, limit);
  const last = records.length > limit ? shown.at(-1) : undefined;
  const pagination = {
    count: place.count,
    limit,
    page: after === undefined ? page : null,
    url: recordsUrl(id),
    next_cursor: last === undefined ? null : writeCursor(id, last.position),
  };
  return presentPage(
    pagination,
    shown.map((record) => presentRecord(record, selection.actionType, selection.effects)),
  );
}

/** The position after which a list without a cursor begins. */
const BEFORE_ALL = -1;

async function findPlace(
  { database, accountId, id, outcomes }: Selection,
  { limit, page = 1, after }: RecordsQuery,
  behind: number,
): Promise<RecordsPlace | undefined> {
  return after === undefined
    ? await locateRecords(database, accountId, id, { outcomes, offset: (page - 1) * limit })
    : await locateRecordsAfter(database, accountId, id, { outcomes, after: behind });
}
