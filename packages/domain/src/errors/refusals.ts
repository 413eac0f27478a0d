import { counted } from "../counted.ts";
import { RequestError, type ValidationError } from "./request-error.ts";

/** Refuses an id that is unknown or belongs to another account. The caller cannot tell the two apart. */
export function bulkActionNotFound(): RequestError {
  return new RequestError("not_found", "bulk_action.not_found", "There is no bulk action with this id.");
}

/** Refuses a cancel after the end of the bulk action. */
export function notCancelable(): RequestError {
  return new RequestError("conflict", "bulk_action.not_cancelable", "This bulk action has already ended.");
}

/** Refuses an operator's pause of a bulk action that has ended. */
export function notPausable(): RequestError {
  const message = "This bulk action has already ended, so there is nothing to pause.";
  return new RequestError("conflict", "bulk_action.has_ended", message);
}

/** Refuses a retry, of a caller or an operator. */
export function notRetriable(
  kind: "not_found" | "still_open" | "in_progress" | "nothing_to_retry" | "nothing_failed",
): RequestError {
  switch (kind) {
    case "not_found":
      return bulkActionNotFound();
    case "still_open":
      return stillOpen();
    case "in_progress":
      return new RequestError(
        "conflict",
        "bulk_action.retry_in_progress",
        "Another retry or restore of the same records is open. Wait until it ends.",
      );
    case "nothing_to_retry":
      return new RequestError(
        "invalid",
        "bulk_action.nothing_to_retry",
        "No id is left to retry: this bulk action or a retry of it changed or skipped each one.",
      );
    case "nothing_failed":
      return new RequestError(
        "invalid",
        "bulk_action.nothing_to_retry",
        "No failed id of this bulk action is left. Without --failed-only, ids that were not attempted are retried too.",
      );
  }
}

/** Refuses a restore, of a caller or an operator. */
export function notRestorable(
  kind:
    | "not_found"
    | "still_open"
    | "type"
    | "never"
    | "expired"
    | "purged"
    | "in_progress"
    | "nothing_to_restore",
): RequestError {
  switch (kind) {
    case "not_found":
      return bulkActionNotFound();
    case "still_open":
      return cannotRestore("This bulk action has not ended yet. Wait until it ends, or cancel it.");
    case "type":
      return cannotRestore("No action takes back what this bulk action does.");
    case "never":
      return cannotRestore("This bulk action has kept nothing, so that it cannot be restored.");
    case "expired":
      return restoreExpired("The time to restore this bulk action is over.");
    case "purged":
      return restoreExpired("What this bulk action had kept is purged.");
    case "in_progress":
      return restoreInProgress();
    case "nothing_to_restore":
      return new RequestError(
        "invalid",
        "bulk_action.nothing_to_restore",
        "No record is left to restore: this bulk action changed none, or restores have brought back each one.",
      );
  }
}

function cannotRestore(message: string): RequestError {
  return new RequestError("conflict", "bulk_action.not_restorable", message);
}

function restoreExpired(message: string): RequestError {
  return new RequestError("gone", "bulk_action.restore_expired", message);
}

function restoreInProgress(): RequestError {
  return new RequestError(
    "conflict",
    "bulk_action.restore_in_progress",
    "A restore of this bulk action is open. Wait until it ends.",
  );
}

/** Refuses a restore of chosen records, some of which the bulk action has not changed. */
export function notRestorableIds(count: number): RequestError {
  const message = `has ${counted(count, "id")} that this bulk action has not changed`;
  return new RequestError("invalid", "bulk_action.invalid", `record_ids ${message}.`, [
    {
      attribute: "record_ids",
      type: "not_restorable",
      code: "bulk_action.record_ids.not_restorable",
      options: { count },
      message,
    },
  ]);
}

/** Refuses a purge, of a caller or an operator. */
export function notPurgeable(kind: "not_found" | "still_open" | "restore_in_progress"): RequestError {
  switch (kind) {
    case "not_found":
      return bulkActionNotFound();
    case "still_open":
      return stillOpen();
    case "restore_in_progress":
      return restoreInProgress();
  }
}

function stillOpen(): RequestError {
  return new RequestError(
    "conflict",
    "bulk_action.still_open",
    "This bulk action has not ended yet. Wait until it ends, or cancel it.",
  );
}

/** Refuses an action on records without accounts while there are several: it cannot tell whose they are. */
export function severalAccounts(actionType: string): RequestError {
  const message =
    `Records of ${actionType} belong to no account, and there are several accounts. Ask the operator to declare the ` +
    "account of these records, or to keep one account.";
  return new RequestError("conflict", "bulk_action.several_accounts", message);
}

/** Refuses a request while an earlier one with the same key is in progress. */
export function keyInProgress(): RequestError {
  const message =
    "The first request with this Idempotency-Key is still in progress. Send it again in a moment.";
  return new RequestError("conflict", "idempotency_key.in_progress", message, [], 1);
}

/** Refuses a key that an earlier request used for something else. */
export function keyReused(): RequestError {
  const message = "This Idempotency-Key was sent with another body before. Use a new key for a new request.";
  return new RequestError("invalid", "idempotency_key.reused", message);
}

/** The error for a create whose result is unknown, because the database did not respond. */
export function creationUnknown(): RequestError {
  return new RequestError(
    "unavailable",
    "bulk_action.outcome_unknown",
    "The database did not respond. The bulk action may or may not have been created. List your bulk actions, or " +
      "send the same request with the same Idempotency-Key again.",
  );
}

/** The error for an upload during which the database was lost. */
export function nothingUploaded(): RequestError {
  return new RequestError(
    "unavailable",
    "service.unavailable",
    "The database is unavailable. Nothing of the upload was kept. Send it again soon.",
  );
}

/** The error for any other change whose result is unknown. */
export function outcomeUnknown(): RequestError {
  return new RequestError(
    "unavailable",
    "request.outcome_unknown",
    "The database did not respond. The change may or may not have been made. Check before you send it again.",
  );
}

/** `Retry-After` for an account with too many open bulk actions; small ones end within seconds. */
const CROWDED_SECONDS = 5;

/** Refuses another bulk action of an account that has the maximum number open. */
export function tooManyOpen(most: number): RequestError {
  const message = `An account may have ${most} open bulk actions. Try again when one has ended.`;
  return new RequestError("limited", "bulk_action.too_many_open", message, [], CROWDED_SECONDS);
}

/** Refuses a selection by a filter that more records match than the caller allows. `count` is null if counting took too long. */
export function tooManyMatches(count: number | null, most: number): RequestError {
  const matches = count === null ? `more than ${counted(most, "record")}` : counted(count, "record");
  const options = { maximum: most, ...(count !== null && { count }) };
  return refusedSelection("too_many_matches", `matches ${matches}; max_records is ${most}`, options);
}

/** Refuses a selection by a filter that another number of records matches than the caller expects. */
export function countChanged(count: number, expected: number): RequestError {
  const message = `matches ${counted(count, "record")}; expected_count is ${expected}`;
  return refusedSelection("count_changed", message, { count, expected });
}

/** Refuses a selection by a filter that no record matches. */
export function nothingMatches(): RequestError {
  return refusedSelection("nothing_matches", "matches no record of the account", { count: 0 });
}

function refusedSelection(
  type: "too_many_matches" | "count_changed" | "nothing_matches",
  message: string,
  options: ValidationError["options"],
): RequestError {
  return new RequestError("invalid", `bulk_action.${type}`, `The filter ${message}. Nothing was written.`, [
    { attribute: "filter", type, code: `bulk_action.filter.${type}`, options, message },
  ]);
}
