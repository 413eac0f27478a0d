import { isOpen } from "@bulk/domain/bulk-action";
import { creationUnknown } from "@bulk/domain/refusals";
import { RequestError } from "@bulk/domain/request-error";
import { firstTurns } from "@bulk/queue/turn";
import { type Admission, awaitKey, findCreatedWith } from "@bulk/store/admission";
import { isLockTimeout, mayHaveHappened } from "@bulk/store/sqlstate";
import type { AnswerHeader } from "./answer-headers.ts";
import { awaitEnd } from "./await-end.ts";
import type { ApiAnswer, ApiContext, ApiRequest } from "./context.ts";
import { idempotencyHeaders, readIdempotencyKey } from "./idempotency-key.ts";
import { RETRY_AFTER } from "./polling.ts";
import { readQuery } from "./query.ts";
import { validate } from "./validate.ts";
import { findForView, presentView, type View, type ViewedBulkAction, viewQuery } from "./view.ts";
import { readWaitSeconds, waitApplied, waitHeader } from "./waiting.ts";

/** How an endpoint creates a bulk action. */
export type Creation = {
  /** Its own path; idempotency keys belong to it. */
  readonly path: string;
  /** What the caller asks for, as parsed: the body of a request with the same key must mean the same. */
  readonly meaning: unknown;
  /** Writes it, in one statement that holds to the admission; or why not, unless it is because the key is taken. */
  readonly create: (admission: Admission, view: View) => Promise<ViewedBulkAction | RequestError>;
};

/**
 * Creates a bulk action, nudges the queue, and answers it; or answers the one that the request's
 * `Idempotency-Key` has created before. Throws `limited` when the account has too many open, and about a
 * key, `malformed`, `invalid` for one used otherwise, `conflict` while the first request is under way. Throws
 * `unavailable` when the database does not say whether it was created.
 */
export async function createOnce(
  request: ApiRequest,
  context: ApiContext,
  { path, meaning, create }: Creation,
): Promise<ApiAnswer> {
  const view = validate("bulk_action", viewQuery, readQuery(request.query));
  const admission = {
    accountId: request.caller.accountId,
    createdByTokenId: request.caller.tokenId,
    maxOpen: context.config.MAX_OPEN_ACTIONS,
    idempotencyKey: readIdempotencyKey(request.headers, path, meaning),
  };
  const created = await create(admission, view).catch((error: unknown) => {
    if (mayHaveHappened(error)) throw Object.assign(creationUnknown(), { cause: error });
    return judgeLock(error, admission, context);
  });
  if (created instanceof RequestError) {
    const known = await replay(admission, view, request, context, created);
    return await answer(known, REPLAYED, view, request, context);
  }
  nudge(created, context);
  return await answer(created, {}, view, request, context);
}

/** The headers of an endpoint that creates a bulk action. */
export const creationHeaders = idempotencyHeaders.extend({ Prefer: waitHeader });

/** Those of its answers. */
export const creationAnswerHeaders: readonly AnswerHeader[] = [
  "Location",
  "Retry-After",
  "Preference-Applied",
  "Idempotent-Replayed",
];

const REPLAYED = { "Idempotent-Replayed": "true" };

// The answer does not wait for the queue; what it does not take, the sweeper starts.
function nudge(
  { id, actionType, createdAt, recordCount }: ViewedBulkAction,
  { nudger, metrics, config }: ApiContext,
): void {
  metrics.accepted(actionType);
  const start = { id, actionType, generation: 1, enqueuedAt: createdAt };
  nudger.nudge(firstTurns(start, Math.ceil(recordCount / config.CHUNK_SIZE), config.WINDOW));
}

// Only a lock on this very key means that a request with it is under way; one that has ended meanwhile is replayed.
async function judgeLock(
  error: unknown,
  { accountId, idempotencyKey }: Admission,
  { database }: ApiContext,
): Promise<RequestError> {
  if (idempotencyKey === undefined || !isLockTimeout(error)) throw error;
  await awaitKey(database, accountId, idempotencyKey).catch((cause: unknown) => {
    throw isLockTimeout(cause) ? inProgress() : cause;
  });
  if ((await findCreatedWith(database, accountId, idempotencyKey)) === undefined) throw error;
  return inProgress();
}

async function replay(
  { accountId, idempotencyKey }: Admission,
  view: View,
  request: ApiRequest,
  { database }: ApiContext,
  refusal: RequestError,
): Promise<ViewedBulkAction> {
  const known = idempotencyKey && (await findCreatedWith(database, accountId, idempotencyKey));
  if (known === undefined) throw refusal;
  if (!known.isSame) throw reused();
  const bulkAction = await findForView(database, { accountId, id: known.id }, view, request);
  // Its retention has ended between the two looks, and with it that of the key.
  if (bulkAction === undefined) throw inProgress();
  return bulkAction;
}

async function answer(
  stored: ViewedBulkAction,
  further: Readonly<Record<string, string>>,
  view: View,
  request: ApiRequest,
  { watcher, config }: ApiContext,
): Promise<ApiAnswer> {
  const waitSeconds = readWaitSeconds(request.headers);
  const awaited =
    waitSeconds === undefined ? undefined : await awaitEnd(stored, view, waitSeconds, request, watcher);
  const latest = awaited ?? stored;
  const headers = {
    Location: `/v1/bulk_actions/${stored.id}`,
    ...(isOpen(latest.status) && RETRY_AFTER),
    ...(waitSeconds !== undefined && awaited !== undefined && waitApplied(waitSeconds)),
    ...further,
  };
  const body = presentView(latest, view, config.RETENTION_DAYS);
  return { kind: "json", body, headers, bulkActionId: stored.id };
}

function inProgress(): RequestError {
  const message =
    "The first request with this Idempotency-Key is still under way. Send it again in a moment.";
  return new RequestError("conflict", "idempotency_key.in_progress", message, [], 1);
}

function reused(): RequestError {
  const message = "This Idempotency-Key was sent with another body before. Use a new key for a new request.";
  return new RequestError("invalid", "idempotency_key.reused", message);
}
