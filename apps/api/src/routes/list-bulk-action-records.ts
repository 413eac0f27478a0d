import { RECORD_OUTCOMES, type RecordOutcome } from "@bulk/domain/outcome";
import { bulkActionNotFound } from "@bulk/domain/refusals";
import type { Database } from "@bulk/store/database";
import {
  type ActionRecord,
  locateRecords,
  locateRecordsAfter,
  type RecordsPlace,
  walkRecords,
} from "@bulk/store/records";
import Negotiator from "negotiator";
import { z } from "zod";
import { readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { EXAMPLE_IDS } from "../examples.ts";
import { presentPage, presentRecord } from "../present.ts";
import { cursorQuery, readQuery } from "../query.ts";
import { readCursor, writeCursor } from "../records-cursor.ts";
import { validate } from "../validate.ts";
import { bulkActionRecord, bulkActionRecordLines, cursorListOf } from "../wire.ts";

/** `GET /v1/bulk_actions/{id}/records` */
export function listBulkActionRecords({ database, config }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listBulkActionRecords",
      summary: "List what became of each record",
      description:
        "In the order submitted, up to 1,000 on a page. To read many, send each answer's `next_cursor` as `after`: " +
        "while the bulk action goes on, such pages have every id once, and with `outcome[]` none twice; an id that " +
        "gets its outcome after its place was passed is in no later page. With `Accept: application/x-ndjson` all of them come in one answer, one object a " +
        "line, however many there are; `limit`, `page` and `after` do not matter then. While the bulk action is open such " +
        "an answer still has every id exactly once, each as it was when it was read. An answer that breaks off " +
        "ends without the last chunk of HTTP's framing: it is no shorter list.",
      query: recordsQuery,
      answer: {
        [JSON_TYPE]: cursorListOf(bulkActionRecord, urlOf(EXAMPLE_IDS.bulk_actions)),
        [NDJSON_TYPE]: bulkActionRecordLines,
      },
      refusals: ["not_found", "invalid"],
    },
    async answer(request) {
      await request.reserve(CHUNKS_AT_ONCE * config.CHUNK_SIZE * MEMORY_PER_LINE);
      return await answer(request, database);
    },
  };
}

/** A walk through the records has so many chunks in memory; a record takes its object, its line and the line's bytes. */
const [CHUNKS_AT_ONCE, MEMORY_PER_LINE] = [4, 700];

const JSON_TYPE = "application/json";
const NDJSON_TYPE = "application/x-ndjson";

const recordsQuery = cursorQuery.safeExtend({
  outcome: z.array(z.enum(RECORD_OUTCOMES)).optional().meta({ description: "Only those of any of these." }),
});

type RecordsQuery = z.output<typeof recordsQuery>;

/** Whose bulk action's which records. */
type Selection = {
  readonly database: Database;
  readonly accountId: string;
  readonly id: string;
  readonly outcomes: readonly RecordOutcome[] | undefined;
};

async function answer(request: ApiRequest, database: Database): Promise<ApiAnswer> {
  const id = readBulkActionId(request.params);
  const query = validate("bulk_action", recordsQuery, readQuery(request.query));
  const { accountId } = request.caller;
  const selection = { database, accountId, id, outcomes: query.outcome };
  const head = { headers: { Vary: "Accept" }, bulkActionId: id };
  if (new Negotiator(request).mediaType([JSON_TYPE, NDJSON_TYPE]) === NDJSON_TYPE) {
    return { ...head, kind: "stream", contentType: NDJSON_TYPE, pieces: writeLines(selection) };
  }
  return { ...head, kind: "json", body: await readPage(selection, query) };
}

async function* writeLines({ database, accountId, id, outcomes }: Selection): AsyncGenerator<string> {
  for await (const records of walkRecords(database, accountId, id, { outcomes, from: 0 })) {
    yield records.map((record) => `${JSON.stringify(presentRecord(record))}\n`).join("");
  }
}

async function readPage(selection: Selection, query: RecordsQuery) {
  const { id } = selection;
  const { limit, page = 1, after } = query;
  const behind = after === undefined ? BEFORE_ALL : readCursor(id, after);
  const place = await findPlace(selection, query, behind);
  if (place === undefined) throw bulkActionNotFound();
  // One more than wanted tells whether anything follows.
  const records = await collectRecords(selection, place, behind, limit + 1);
  const shown = records.slice(0, limit);
  const last = records.length > limit ? shown.at(-1) : undefined;
  const pagination = {
    ...{ count: place.count, limit, page: after === undefined ? page : null, url: urlOf(id) },
    next_cursor: last === undefined ? null : writeCursor(id, last.position),
  };
  return presentPage(pagination, shown.map(presentRecord));
}

/** The position behind which a list without a cursor begins. */
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

async function collectRecords(
  { database, accountId, id, outcomes }: Selection,
  { from, skip }: RecordsPlace,
  behind: number,
  most: number,
): Promise<readonly ActionRecord[]> {
  const records: ActionRecord[] = [];
  if (from === undefined) return records;
  for await (const step of walkRecords(database, accountId, id, { outcomes, from })) {
    records.push(...step.filter(({ position }) => position > behind));
    if (records.length >= skip + most) break;
  }
  return records.slice(skip, skip + most);
}

function urlOf(id: string): string {
  return `/v1/bulk_actions/${id}/records`;
}
