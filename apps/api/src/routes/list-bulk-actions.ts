import type { BulkAction } from "@bulk/domain/bulk-action";
import { RequestError, type ValidationError } from "@bulk/domain/request-error";
import {
  attachRecords,
  type BulkActionWithRecords,
  type ListQuery,
  listBulkActions as readBulkActions,
} from "@bulk/store/bulk-actions";
import type { Database } from "@bulk/store/database";
import type { ApiAnswer, ApiContext, ApiRequest } from "../context.ts";
import { isUuid } from "../is-uuid.ts";
import { presentList } from "../present.ts";

/** `GET /v1/bulk_actions`: the caller's own, newest first unless told otherwise. */
export async function listBulkActions(request: ApiRequest, { database }: ApiContext): Promise<ApiAnswer> {
  const query = parseListQuery(request.query);
  const { count, bulkActions } = await readBulkActions(database, request.caller.accountId, query);
  const pagination = { count, limit: query.limit, page: query.page, url: "/v1/bulk_actions" };
  return { kind: "json_stream", pieces: presentList(pagination, loadRecords(database, bulkActions)) };
}

/** How many ids are in memory at once while a list is written. */
const RECORDS_AT_ONCE = 100_000;

async function* loadRecords(
  database: Database,
  bulkActions: readonly BulkAction[],
): AsyncGenerator<BulkActionWithRecords> {
  let group: BulkAction[] = [];
  let size = 0;
  for (const bulkAction of bulkActions) {
    if (size + bulkAction.recordCount > RECORDS_AT_ONCE && group.length > 0) {
      yield* await attachRecords(database, group);
      group = [];
      size = 0;
    }
    group.push(bulkAction);
    size += bulkAction.recordCount;
  }
  yield* await attachRecords(database, group);
}

function parseListQuery(query: URLSearchParams): ListQuery {
  const errors: ValidationError[] = [];
  const limit = parseCount(query, "limit", 20, 100, errors);
  const page = parseCount(query, "page", 1, 1_000_000, errors);
  const sort = parseSort(query.get("sort"), errors);
  if (errors.length > 0) {
    const [first] = errors;
    throw new RequestError(
      "invalid",
      "bulk_action.invalid",
      `${first?.attribute} ${first?.message}.`,
      errors,
    );
  }
  return { ids: parseIds(query), limit, page, sort };
}

// `ids[]=A&ids[]=B` and `ids[0]=A&ids[1]=B`. What is not a UUID is no bulk action's id: just absent.
function parseIds(query: URLSearchParams): readonly string[] | undefined {
  const ids = [...query].filter(([name]) => /^ids(\[\d*\])?$/.test(name)).map(([, value]) => value);
  return ids.length === 0 ? undefined : ids.filter(isUuid);
}

function parseCount(
  query: URLSearchParams,
  attribute: string,
  byDefault: number,
  most: number,
  errors: ValidationError[],
): number {
  const text = query.get(attribute);
  if (text === null || text === "") return byDefault;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= 1 && value <= most) return value;
  errors.push({
    attribute,
    type: "inclusion",
    code: `bulk_action.${attribute}.inclusion`,
    options: { minimum: 1, maximum: most },
    message: `must be a whole number from 1 to ${most}`,
  });
  return byDefault;
}

const SORTS: ReadonlyMap<string, ListQuery["sort"]> = new Map([
  ["created_at:asc", { column: "created_at", direction: "asc" }],
  ["created_at:desc", { column: "created_at", direction: "desc" }],
  ["updated_at:asc", { column: "updated_at", direction: "asc" }],
  ["updated_at:desc", { column: "updated_at", direction: "desc" }],
]);

function parseSort(text: string | null, errors: ValidationError[]): ListQuery["sort"] {
  const sort = SORTS.get(text || "created_at:desc");
  if (sort !== undefined) return sort;
  const allowed = [...SORTS.keys()];
  errors.push({
    attribute: "sort",
    type: "inclusion",
    code: "bulk_action.sort.inclusion",
    options: { in: allowed },
    message: `must be one of ${allowed.join(", ")}`,
  });
  return { column: "created_at", direction: "desc" };
}
