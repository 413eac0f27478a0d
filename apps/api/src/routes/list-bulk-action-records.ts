import { RECORD_OUTCOMES, type RecordOutcome } from "@bulk/domain/outcome";
import { bulkActionNotFound } from "@bulk/domain/refusals";
import type { Database } from "@bulk/store/database";
import { type ActionRecord, locateRecords, walkRecords } from "@bulk/store/records";
import Negotiator from "negotiator";
import { z } from "zod";
import { readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { EXAMPLE_IDS } from "../examples.ts";
import { presentPage, presentRecord } from "../present.ts";
import { pageQuery, readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { bulkActionRecord, bulkActionRecordLines, listOf } from "../wire.ts";

/** `GET /v1/bulk_actions/{id}/records` */
export function listBulkActionRecords({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listBulkActionRecords",
      summary: "List what became of each record",
      description:
        "In the order submitted. With `Accept: application/x-ndjson` all of them come in one answer, one object a " +
        "line, however many there are; `limit` and `page` do not matter then. While the bulk action is open such " +
        "an answer still has every id exactly once, each as it was when it was read. An answer that breaks off " +
        "ends without the last chunk of HTTP's framing: it is no shorter list.",
      query: recordsQuery,
      answer: {
        [JSON_TYPE]: listOf(bulkActionRecord, urlOf(EXAMPLE_IDS.bulk_actions)),
        [NDJSON_TYPE]: bulkActionRecordLines,
      },
      refusals: ["not_found", "invalid"],
    },
    answer: (request) => answer(request, database),
  };
}

const JSON_TYPE = "application/json";
const NDJSON_TYPE = "application/x-ndjson";

const recordsQuery = z.object({
  outcome: z.array(z.enum(RECORD_OUTCOMES)).optional().meta({ description: "Only those of any of these." }),
  ...pageQuery.shape,
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

async function readPage(selection: Selection, { limit, page }: RecordsQuery) {
  const { database, accountId, id, outcomes } = selection;
  const place = await locateRecords(database, accountId, id, { outcomes, offset: (page - 1) * limit });
  if (place === undefined) throw bulkActionNotFound();
  const records: ActionRecord[] = [];
  if (place.from !== undefined) {
    const walk = walkRecords(database, accountId, id, { outcomes, from: place.from });
    for await (const step of walk) {
      records.push(...step);
      if (records.length >= place.skip + limit) break;
    }
  }
  const data = records.slice(place.skip, place.skip + limit).map(presentRecord);
  const pagination = { count: place.count, limit, page, url: urlOf(id) };
  return presentPage(pagination, data);
}

function urlOf(id: string): string {
  return `/v1/bulk_actions/${id}/records`;
}
