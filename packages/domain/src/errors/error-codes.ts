/** Why a request is refused. The API's `error-body.ts` maps each kind to its status code. */
export type RequestErrorKind =
  | "malformed"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "gone"
  | "too_large"
  | "unsupported"
  | "invalid"
  | "limited"
  | "unavailable";

/** Every kind of error response: a refusal, an incomplete request, or a fault of the service. */
export type FailureKind = RequestErrorKind | "slow" | "headers_too_large" | "internal";

/** The description of an error code. */
export type ErrorDescription = {
  /** Decides the HTTP status. */
  readonly kind: FailureKind;
  /** When the API sends it. CommonMark without line breaks. */
  readonly meaning: string;
  /** What the caller can do. CommonMark without line breaks. */
  readonly remedy: string;
};

/** A code that the API can send. */
export type ErrorCode = keyof typeof API_ERRORS;

/**
 * Every error code of the API, ordered by status. This table defines the kind and meaning of each code;
 * `docs/errors.md` and the OpenAPI description are generated from it.
 */
export const API_ERRORS = {
  "request.malformed": {
    kind: "malformed",
    meaning: "The request cannot be parsed: not HTTP, not JSON, not UTF-8, a bad path or a bad compression.",
    remedy: "Correct the part that `message` names.",
  },
  "bulk_action.missing": {
    kind: "malformed",
    meaning: "The body is not an object with the key `bulk_action`, or its value is not an object.",
    remedy: 'Send `{"bulk_action": {…}}`. Check that the JSON is not encoded twice.',
  },
  "webhook_endpoint.missing": {
    kind: "malformed",
    meaning: "The body is not an object with the key `webhook_endpoint`, or its value is not an object.",
    remedy: 'Send `{"webhook_endpoint": {…}}`.',
  },
  "idempotency_key.invalid": {
    kind: "malformed",
    meaning: "The header `Idempotency-Key` is empty, too long or not printable ASCII.",
    remedy: "Send 1 to 255 printable ASCII characters, such as a UUID.",
  },
  unauthorized: {
    kind: "unauthorized",
    meaning:
      'The token is missing, unknown, revoked or expired. For all but a missing one, `WWW-Authenticate` has `error="invalid_token"`.',
    remedy: "Send a valid token: `Authorization: Bearer <token>`.",
  },
  "token.scope_missing": {
    kind: "forbidden",
    meaning: "The token is valid but lacks the scope that `WWW-Authenticate` names.",
    remedy: "Use a token with this scope.",
  },
  "request.not_found": {
    kind: "not_found",
    meaning: "The API has no such path, or does not support this method there.",
    remedy: "Correct the path or method. `/docs` lists all.",
  },
  "bulk_action.not_found": {
    kind: "not_found",
    meaning: "The account has no bulk action with this id, or it was pruned after its retention.",
    remedy: "Check the id, and that the token belongs to the same account.",
  },
  "webhook_endpoint.not_found": {
    kind: "not_found",
    meaning: "The account has no webhook endpoint with this id.",
    remedy: "Check the id.",
  },
  "webhook_delivery.not_found": {
    kind: "not_found",
    meaning: "The account has no webhook delivery with this id, or it was pruned after its retention.",
    remedy: "Check the id.",
  },
  "request.timeout": {
    kind: "slow",
    meaning:
      "The request did not arrive in time: headers within 10 s, a body within 30 s, a file of ids within 10 minutes and at least 64 kB in every 10 s.",
    remedy: "Send it again, over a faster connection or with fewer ids.",
  },
  "bulk_action.not_cancelable": {
    kind: "conflict",
    meaning: "The bulk action to cancel had already ended.",
    remedy: "Nothing to do: there is nothing left to cancel.",
  },
  "bulk_action.still_open": {
    kind: "conflict",
    meaning: "The bulk action to retry or to purge has not ended yet.",
    remedy: "Wait for its end, or cancel it.",
  },
  "bulk_action.retry_in_progress": {
    kind: "conflict",
    meaning: "Another retry of the same records is open; of a restore, another restore.",
    remedy: "Wait until it ends.",
  },
  "bulk_action.not_restorable": {
    kind: "conflict",
    meaning:
      "The bulk action to restore has not ended yet, its action cannot be taken back, or it kept nothing for a restore.",
    remedy: "`message` says which. If it is still open, wait for its end, or cancel it.",
  },
  "bulk_action.restore_in_progress": {
    kind: "conflict",
    meaning: "A restore of the bulk action to restore or to purge is open.",
    remedy: "Wait until that restore ends.",
  },
  "bulk_action.several_accounts": {
    kind: "conflict",
    meaning: "Records of this kind belong to no account, and there are several accounts.",
    remedy: "Ask the operator to declare the account of these records, or to keep one account.",
  },
  "idempotency_key.in_progress": {
    kind: "conflict",
    meaning: "The first request with this `Idempotency-Key` is still in progress.",
    remedy: "Send the same request again after `Retry-After`.",
  },
  "webhook_endpoint.disabled": {
    kind: "conflict",
    meaning: "The webhook endpoint is disabled, so it accepts no events.",
    remedy: "Enable it first.",
  },
  "bulk_action.restore_expired": {
    kind: "gone",
    meaning: "`restorable_until` of the bulk action is over, or what it had kept is purged.",
    remedy: "Nothing to do: the rows are no longer kept.",
  },
  "request.too_large": {
    kind: "too_large",
    meaning:
      "The body has more bytes, keys or values than `MAX_RECORD_IDS` ids need (in a file, `MAX_UPLOADED_IDS`), or decompresses to over eight times its size (a file, 32 times).",
    remedy: "Split the ids over several bulk actions, or send a file. Send the body uncompressed.",
  },
  "request.unsupported_media_type": {
    kind: "unsupported",
    meaning: "The API does not support the content type, charset or compression of the body.",
    remedy:
      "Send JSON or a form, or CSV or NDJSON to create, in UTF-8, uncompressed or with gzip, deflate or br.",
  },
  "bulk_action.invalid": {
    kind: "invalid",
    meaning: "An attribute of the body or a query parameter is invalid or unknown.",
    remedy: "Correct what `validation_errors` lists.",
  },
  "webhook_endpoint.invalid": {
    kind: "invalid",
    meaning: "An attribute of the body or a query parameter is invalid or unknown.",
    remedy: "Correct what `validation_errors` lists.",
  },
  "webhook_delivery.invalid": {
    kind: "invalid",
    meaning: "A query parameter is invalid or unknown.",
    remedy: "Correct what `validation_errors` lists.",
  },
  "bulk_action.too_many_matches": {
    kind: "invalid",
    meaning:
      "More records match the filter than `max_records`; `validation_errors` has the count. Nothing was written.",
    remedy: "Check the filter with a preview. Raise `max_records` if it is right.",
  },
  "bulk_action.count_changed": {
    kind: "invalid",
    meaning:
      "Another number of records than `expected_count` matches the filter; `validation_errors` has it. Nothing was written.",
    remedy: "Preview the filter again.",
  },
  "bulk_action.nothing_matches": {
    kind: "invalid",
    meaning: "No record of the account matches the filter.",
    remedy: "Check the filter with a preview.",
  },
  "bulk_action.nothing_to_retry": {
    kind: "invalid",
    meaning:
      "No id is left to retry: each one was changed or skipped, by this bulk action or by a retry of it.",
    remedy: "Nothing to do.",
  },
  "bulk_action.nothing_to_restore": {
    kind: "invalid",
    meaning:
      "No record is left to restore: the bulk action changed none, or restores have brought back each one.",
    remedy: "Nothing to do.",
  },
  "idempotency_key.reused": {
    kind: "invalid",
    meaning: "This `Idempotency-Key` was already sent with a different body.",
    remedy: "Use a new key for each new request.",
  },
  "webhook_endpoint.too_many": {
    kind: "invalid",
    meaning: "The account has reached its maximum number of webhook endpoints.",
    remedy: "Delete one first.",
  },
  "rate_limit.exceeded": {
    kind: "limited",
    meaning: "The token has exceeded its rate limit (see `RateLimit-Policy`).",
    remedy: "Wait for `Retry-After`. To send fewer requests, use `Prefer: wait=N` or `/events`.",
  },
  "token.too_many_invalid": {
    kind: "limited",
    meaning: "Too many invalid tokens came from this address within a minute. Valid tokens still work.",
    remedy: "Send a valid token. After `Retry-After` an invalid token gets 401 again.",
  },
  "bulk_action.too_many_open": {
    kind: "limited",
    meaning: "The account has reached its maximum number of open bulk actions.",
    remedy: "Wait until one ends. Try again after `Retry-After`.",
  },
  "bulk_action.too_many_waiting": {
    kind: "limited",
    meaning: "Too many callers of the account are waiting at this server.",
    remedy: "Send the request without waiting, or try again after `Retry-After`.",
  },
  "account.too_much_in_flight": {
    kind: "limited",
    meaning: "The account's request bodies and unread responses take too much memory at this server.",
    remedy: "Wait for `Retry-After`. Send fewer large requests at once, and read the responses.",
  },
  "bulk_action.upload_under_way": {
    kind: "limited",
    meaning: "Another file or stream of ids of the account is arriving at this server.",
    remedy: "Send it again after `Retry-After`.",
  },
  "bulk_action_preview.under_way": {
    kind: "limited",
    meaning: "Another preview of the account is in progress at this server.",
    remedy: "Send it again after `Retry-After`.",
  },
  "bulk_action.selection_under_way": {
    kind: "limited",
    meaning: "Another selection by filter of the account is in progress at this server.",
    remedy: "Send it again after `Retry-After`.",
  },
  "request.headers_too_large": {
    kind: "headers_too_large",
    meaning: "The headers are too large.",
    remedy: "Send fewer or shorter headers, cookies included.",
  },
  "service.internal_error": {
    kind: "internal",
    meaning: "The service has a fault.",
    remedy: "Report the `request_id` to the operator.",
  },
  "service.unavailable": {
    kind: "unavailable",
    meaning: "The database is unavailable, busy, or rejects writes. Nothing was done.",
    remedy: "Send the request again after `Retry-After`.",
  },
  "bulk_action.outcome_unknown": {
    kind: "unavailable",
    meaning: "The database did not respond. The bulk action may or may not have been created.",
    remedy: "List your bulk actions, or send the same request with the same `Idempotency-Key` again.",
  },
  "request.outcome_unknown": {
    kind: "unavailable",
    meaning: "The database did not respond. The change may or may not have been made.",
    remedy: "Check whether it was made before you send it again. A cancel can be sent again at once.",
  },
  "service.busy": {
    kind: "unavailable",
    meaning: "The server has no memory or no place left for the request. Nothing was done.",
    remedy: "Send the request again after `Retry-After`.",
  },
  "bulk_action.selection_timeout": {
    kind: "unavailable",
    meaning: "Selecting the records by the filter took too long. Nothing was written.",
    remedy: "Send it again later, or narrow the filter.",
  },
  "bulk_action_preview.timeout": {
    kind: "unavailable",
    meaning: "The preview took too long. Nothing was changed.",
    remedy: "Send it again later, or with fewer ids.",
  },
  "webhook_endpoint.not_set_up": {
    kind: "unavailable",
    meaning: "The server has no `WEBHOOK_SECRET_KEY`, so it cannot send webhooks.",
    remedy: "Ask the operator to set it.",
  },
} as const satisfies Readonly<Record<string, ErrorDescription>>;

/** The kind of each refusal that only operators get, from `pnpm admin` or the console. The API never sends these codes. */
export type AdminErrors = {
  readonly "account.not_found": "not_found";
  readonly "account.exists": "conflict";
  readonly "account.key_taken": "conflict";
  readonly "account.has_open_actions": "conflict";
  readonly "token.not_found": "not_found";
  readonly "token.ended": "conflict";
  readonly "bulk_action.has_ended": "conflict";
  readonly "pause.not_found": "not_found";
  readonly "throttle.not_found": "not_found";
  /** The safety catch holds it. */
  readonly "action_type.held": "conflict";
  readonly "table.not_found": "not_found";
  readonly "table.ambiguous": "conflict";
};
