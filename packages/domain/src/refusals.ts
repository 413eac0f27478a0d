import { RequestError } from "./request-error.ts";

/** Unknown, or another account's, which is the same to a caller. */
export function bulkActionNotFound(): RequestError {
  return new RequestError("not_found", "bulk_action.not_found", "There is no bulk action with this id.");
}

/** The refusal of a cancel that comes after the end. */
export function notCancelable(): RequestError {
  return new RequestError(
    "conflict",
    "bulk_action.not_cancelable",
    "This bulk action has ended; there is nothing left to cancel.",
  );
}

/** The refusal of a retry, whoever asks for it. */
export function notRetriable(
  kind: "not_found" | "still_open" | "in_progress" | "nothing_to_retry",
): RequestError {
  switch (kind) {
    case "not_found":
      return bulkActionNotFound();
    case "still_open":
      return new RequestError(
        "conflict",
        "bulk_action.still_open",
        "This bulk action has not ended yet. Wait for its end, or cancel it.",
      );
    case "in_progress":
      return new RequestError(
        "conflict",
        "bulk_action.retry_in_progress",
        "Another retry of the same records is open. Wait for its end.",
      );
    case "nothing_to_retry":
      return new RequestError(
        "invalid",
        "bulk_action.nothing_to_retry",
        "No id of this bulk action is left: each was deleted or skipped, by itself or by a retry.",
      );
  }
}

/** The answer to a create of which nobody knows whether it was done. */
export function creationUnknown(): RequestError {
  return new RequestError(
    "unavailable",
    "bulk_action.outcome_unknown",
    "The database did not answer, so it is unknown whether the bulk action was created. List your bulk actions, or " +
      "send the same request with the same Idempotency-Key again.",
  );
}

/** The same of any other change. */
export function outcomeUnknown(): RequestError {
  return new RequestError(
    "unavailable",
    "request.outcome_unknown",
    "The database did not answer, so it is unknown whether this was done. Look before you send it again.",
  );
}

/** How long a caller should rest that has too many open; small ones end within seconds. */
const CROWDED_SECONDS = 5;

/** The refusal of one more bulk action to an account with as many open as it may have. */
export function tooManyOpen(most: number): RequestError {
  const message = `An account may have ${most} open bulk actions. Try again when one has ended.`;
  return new RequestError("limited", "bulk_action.too_many_open", message, [], CROWDED_SECONDS);
}
