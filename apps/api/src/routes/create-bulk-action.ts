import { RequestError, type ValidationError } from "@bulk/domain/request-error";
import { firstTurns } from "@bulk/queue/turn";
import { createBulkAction as storeBulkAction } from "@bulk/store/bulk-actions";
import { z } from "zod";
import type { ApiAnswer, ApiContext, ApiRequest } from "../context.ts";
import { isUuid } from "../is-uuid.ts";
import { RETRY_AFTER } from "../polling.ts";
import { presentBulkAction } from "../present.ts";

/**
 * `POST /v1/bulk_actions`: the answer means that the bulk action is durable. The queue is only nudged; if
 * it is away, the sweeper starts the lanes as soon as it is back.
 */
export async function createBulkAction(request: ApiRequest, context: ApiContext): Promise<ApiAnswer> {
  const { database, queue, config } = context;
  const { actionType, recordIds } = parseNewBulkAction(request.body, context);
  const { accountId } = request.caller;
  const chunkSize = config.CHUNK_SIZE;
  const bulkAction = await storeBulkAction(database, { accountId, actionType, recordIds, chunkSize });
  const start = { id: bulkAction.id, actionType, generation: 1, enqueuedAt: bulkAction.createdAt };
  const turns = firstTurns(start, Math.ceil(recordIds.length / chunkSize), config.WINDOW);
  await queue.addTurns(turns).catch((error: unknown) => {
    request.logger.warn({ error, bulkActionId: bulkAction.id }, "not enqueued; the sweeper will do it");
  });
  const body = presentBulkAction({ ...bulkAction, recordIds, skippedIds: [] });
  const headers = { Location: `/v1/bulk_actions/${bulkAction.id}`, ...RETRY_AFTER };
  return { kind: "json", body, headers, bulkActionId: bulkAction.id };
}

type NewBulkAction = { readonly actionType: string; readonly recordIds: readonly string[] };

function parseNewBulkAction(body: unknown, { registry, config }: ApiContext): NewBulkAction {
  const envelope = z.object({ bulk_action: z.looseObject({}) }).safeParse(body);
  if (!envelope.success) {
    throw new RequestError(
      "malformed",
      "bulk_action.missing",
      'The body must be an object with the key "bulk_action", itself an object.',
    );
  }
  const { action_type: actionType, record_ids: recordIds } = envelope.data.bulk_action;
  const errors = [
    ...findActionTypeErrors(actionType, [...registry.keys()]),
    ...findRecordIdErrors(recordIds, config.MAX_RECORD_IDS),
  ];
  if (errors.length > 0 || typeof actionType !== "string" || !isStringArray(recordIds)) {
    throw new RequestError("invalid", "bulk_action.invalid", summarize(errors), errors);
  }
  return { actionType, recordIds: [...new Set(recordIds.map((id) => id.toLowerCase()))] };
}

function findActionTypeErrors(value: unknown, known: readonly string[]): readonly ValidationError[] {
  if (value === undefined || value === null || value === "") {
    return [fault("action_type", "blank", "can't be blank")];
  }
  if (typeof value === "string" && known.includes(value)) return [];
  return [fault("action_type", "inclusion", `must be one of ${known.join(", ")}`, { in: known })];
}

/** Enough to see the pattern of a mistake; a caller's 100,000 wrong ids are not listed one by one. */
const LISTED_FAULTS = 20;

function findRecordIdErrors(value: unknown, most: number): readonly ValidationError[] {
  if (value === undefined || value === null || value === "") {
    return [fault("record_ids", "blank", "can't be blank")];
  }
  if (!Array.isArray(value)) return [fault("record_ids", "invalid", "must be an array of UUIDs")];
  if (value.length === 0) return [fault("record_ids", "blank", "can't be blank")];
  if (value.length > most) {
    const message = `has ${value.length} ids; at most ${most} are allowed in one bulk action`;
    return [fault("record_ids", "too_long", message, { count: most })];
  }
  const errors: ValidationError[] = [];
  for (const [index, id] of value.entries()) {
    if (isUuid(id)) continue;
    const shown = show(id);
    errors.push(
      fault("record_ids", "invalid", `[${index}] is not a UUID: ${shown}`, { index, value: shown }),
    );
    if (errors.length === LISTED_FAULTS) break;
  }
  return errors;
}

function fault(
  attribute: string,
  type: string,
  message: string,
  options: ValidationError["options"] = {},
): ValidationError {
  return { attribute, type, code: `bulk_action.${attribute}.${type}`, options, message };
}

function summarize(errors: readonly ValidationError[]): string {
  const [first] = errors;
  if (first === undefined) return "The bulk action is invalid.";
  const others = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  return `The bulk action is invalid: ${first.attribute} ${first.message}${others}.`;
}

// A value of the caller's in an error message: recognisable, and never long.
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value !== "object" || value === null) return String(value);
  // Not its text: it may be nested too deeply to be written out.
  return Array.isArray(value) ? "an array" : "an object";
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}
