import { restorationOf } from "@bulk/actions/registry";
import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { keyInProgress } from "@bulk/domain/errors/refusals";
import { turnsOfCreated } from "@bulk/queue/turns/turn";
import type { Admission } from "@bulk/store/bulk-actions/admission";
import type { Retry } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { ApiContext, ApiRequest, ApiResponse, Operation } from "../context.ts";
import { idempotencyHeaders, readIdempotencyKey } from "./idempotency-key.ts";
import type { Submission } from "./submitting/submission.ts";
import { findForView, presentView, type View, type ViewedBulkAction } from "./view.ts";
import { awaitEnd } from "./waiting/await-end.ts";
import { RETRY_AFTER } from "./waiting/polling.ts";
import { readWaitSeconds, waitApplied, waitHeader } from "./waiting/waiting.ts";

/* The steps that creating and retrying a bulk action have in common, in their order. */

/** The headers of requests and responses of an endpoint that creates a bulk action. */
export const creationHeaders = {
  headers: idempotencyHeaders.extend({ Prefer: waitHeader }),
  responseHeaders: ["Location", "Retry-After", "Preference-Applied", "Idempotent-Replayed"],
} as const satisfies Pick<Operation, "headers" | "responseHeaders">;

/** Returns for how many days what an action of this type removes is kept; 0 if nothing takes it back. */
export function countRestoreDays(actionType: string, { registry, config }: ApiContext): number {
  return restorationOf(registry, actionType) === undefined ? 0 : config.RESTORE_DAYS;
}

/**
 * Reads the conditions that the new bulk action must meet. Throws `malformed` for a malformed `Idempotency-Key`.
 *
 * @param path the path of the endpoint; idempotency keys count for one path
 * @param meaning the parsed request, for `writeJson`; requests with the same key must mean the same
 */
export async function readAdmission(
  { caller, headers }: Pick<Submission, "caller" | "headers">,
  { config }: ApiContext,
  path: string,
  meaning: object,
): Promise<Admission> {
  return {
    accountId: caller.accountId,
    createdByTokenId: caller.tokenId,
    maxOpen: config.MAX_OPEN_ACTIONS,
    idempotencyKey: await readIdempotencyKey(headers, path, meaning),
  };
}

/** Enqueues the first turns without waiting for the queue. The sweeper starts what the queue does not take. */
export function nudge(creation: Retry, { nudger, metrics, config }: ApiContext): void {
  if (creation.kind !== "created") return;
  const { bulkAction } = creation;
  metrics.accepted(bulkAction.actionType);
  nudger.nudge(turnsOfCreated(bulkAction, { chunkSize: config.CHUNK_SIZE, window: config.WINDOW }));
}

/** Responds with the bulk action that was created, now or before, at its end if the caller waits for that. */
export async function respondCreated(
  creation: Retry,
  view: View,
  request: ApiRequest,
  context: ApiContext,
): Promise<ApiResponse> {
  const stored = await loadCreated(creation, view, request, context);
  const seconds = readWaitSeconds(request.headers);
  const awaited = seconds && (await awaitEnd(stored, view, seconds, request, context));
  const latest = awaited || stored;
  const headers = {
    Location: `/v1/bulk_actions/${stored.id}`,
    ...(isOpen(latest.status) && RETRY_AFTER),
    ...(seconds && awaited && waitApplied(seconds)),
    ...(creation.kind === "replayed" && { "Idempotent-Replayed": "true" }),
  };
  const body = presentView(latest, view, context);
  return { kind: "json", body, headers, bulkActionId: stored.id };
}

async function loadCreated(
  creation: Retry,
  view: View,
  request: ApiRequest,
  context: ApiContext,
): Promise<ViewedBulkAction> {
  if (creation.kind === "created") return creation.bulkAction;
  const { accountId } = request.caller;
  const bulkAction = await findForView({ accountId, id: creation.id }, view, request, context);
  // It was pruned after the key was found, and its key with it.
  if (bulkAction === undefined) throw keyInProgress();
  return bulkAction;
}
