/** Why a request is refused; only the API's `error-body.ts` knows the status code of each. */
export type RequestErrorKind =
  | "malformed"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unsupported"
  | "invalid"
  | "limited"
  | "unavailable";

/** Every kind of answer that is no success: a refusal, a request that never became whole, or our own fault. */
export type FailureKind = RequestErrorKind | "slow" | "headers_too_large" | "internal";

/** What a code stands for. */
export type ErrorDescription = {
  /** Decides the HTTP status. */
  readonly kind: FailureKind;
  /** When it is answered; CommonMark, no line breaks. */
  readonly meaning: string;
  /** What the caller can do about it. */
  readonly remedy: string;
};

/** A code that the API can send. */
export type ErrorCode = keyof typeof API_ERRORS;

/**
 * Every code that the API can send, in the order of its status: the only place that gives a code its kind and
 * meaning. `docs/errors.md` and the OpenAPI description are made of it.
 */
export const API_ERRORS = {
  "request.malformed": {
    kind: "malformed",
    meaning: "The request cannot be read: no HTTP, no JSON, no UTF-8, a broken path or a broken compression.",
    remedy: "Correct the request; `message` says which part.",
  },
  "bulk_action.missing": {
    kind: "malformed",
    meaning: "The body is no object with the key `bulk_action`, itself an object.",
    remedy: 'Send `{"bulk_action": {…}}`. A JSON text inside a JSON string is encoded twice.',
  },
  "webhook_endpoint.missing": {
    kind: "malformed",
    meaning: "The body is no object with the key `webhook_endpoint`, itself an object.",
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
      "The token is missing, or it is unknown, revoked or expired: then `WWW-Authenticate` says " +
      '`error="invalid_token"`. Nothing else is answered with 401.',
    remedy: "Send a valid token as `Authorization: Bearer <token>`.",
  },
  "token.scope_missing": {
    kind: "forbidden",
    meaning: "The token is valid but lacks the scope of this operation; `WWW-Authenticate` names the scope.",
    remedy: "Use a token with this scope.",
  },
  "request.not_found": {
    kind: "not_found",
    meaning: "The API has no such path, or not with this method.",
    remedy: "Correct the path; `/docs` lists all.",
  },
  "bulk_action.not_found": {
    kind: "not_found",
    meaning: "The account has no bulk action with this id, or its retention has ended.",
    remedy: "Correct the id. Another account's bulk action needs a token of that account.",
  },
  "webhook_endpoint.not_found": {
    kind: "not_found",
    meaning: "The account has no webhook endpoint with this id.",
    remedy: "Correct the id.",
  },
  "webhook_delivery.not_found": {
    kind: "not_found",
    meaning: "The account has no webhook delivery with this id, or its retention has ended.",
    remedy: "Correct the id.",
  },
  "request.timeout": {
    kind: "slow",
    meaning: "The request did not arrive in time: headers within 10 s, the whole within 30 s.",
    remedy: "Send it again, over a faster connection or with fewer ids.",
  },
  "bulk_action.not_cancelable": {
    kind: "conflict",
    meaning: "A cancel of a bulk action that had ended before.",
    remedy: "Nothing is left to cancel.",
  },
  "bulk_action.still_open": {
    kind: "conflict",
    meaning: "A retry of a bulk action that has not ended yet.",
    remedy: "Wait for its end, or cancel it.",
  },
  "bulk_action.retry_in_progress": {
    kind: "conflict",
    meaning: "Another retry of the same records is open.",
    remedy: "Wait for the end of that retry.",
  },
  "idempotency_key.in_progress": {
    kind: "conflict",
    meaning: "The first request with this `Idempotency-Key` has not been answered yet.",
    remedy: "Send the same request again after `Retry-After`.",
  },
  "webhook_endpoint.disabled": {
    kind: "conflict",
    meaning: "The webhook endpoint is disabled and takes no events.",
    remedy: "Enable it first.",
  },
  "request.too_large": {
    kind: "too_large",
    meaning:
      "The body has more bytes, keys or values than one of `MAX_RECORD_IDS` ids can have, or unpacks to more than eight " +
      "times its size.",
    remedy: "Split the ids over several bulk actions; send the body uncompressed.",
  },
  "request.unsupported_media_type": {
    kind: "unsupported",
    meaning: "The body has another content type, charset or compression than the API reads.",
    remedy: "Send JSON or a form, in UTF-8, uncompressed or with gzip, deflate or br.",
  },
  "bulk_action.invalid": {
    kind: "invalid",
    meaning: "An attribute of the body or a parameter of the query is not allowed.",
    remedy: "Correct what `validation_errors` names.",
  },
  "webhook_endpoint.invalid": {
    kind: "invalid",
    meaning: "An attribute of the body or a parameter of the query is not allowed.",
    remedy: "Correct what `validation_errors` names.",
  },
  "webhook_delivery.invalid": {
    kind: "invalid",
    meaning: "A parameter of the query is not allowed.",
    remedy: "Correct what `validation_errors` names.",
  },
  "bulk_action.nothing_to_retry": {
    kind: "invalid",
    meaning:
      "A retry of a bulk action of which no id is left: each was deleted or skipped, by itself or by a retry.",
    remedy: "Nothing is left to retry.",
  },
  "idempotency_key.reused": {
    kind: "invalid",
    meaning: "The same `Idempotency-Key` was sent with another body before.",
    remedy: "Use a new key for each new request.",
  },
  "webhook_endpoint.too_many": {
    kind: "invalid",
    meaning: "The account has as many webhook endpoints as it may have.",
    remedy: "Delete one first.",
  },
  "rate_limit.exceeded": {
    kind: "limited",
    meaning: "The token has made as many requests as it may in this window (`RateLimit-Policy`).",
    remedy: "Wait as long as `Retry-After` says. `Prefer: wait=N` and `/events` need fewer requests.",
  },
  "token.too_many_invalid": {
    kind: "limited",
    meaning:
      "Too many invalid tokens have come from the caller's address within a minute. Valid ones still work.",
    remedy: "Send a valid token. After `Retry-After` an invalid one gets 401 again.",
  },
  "bulk_action.too_many_open": {
    kind: "limited",
    meaning: "The account has as many open bulk actions as it may have.",
    remedy: "Wait for the end of one; meanwhile ask again after `Retry-After`.",
  },
  "bulk_action.too_many_waiting": {
    kind: "limited",
    meaning: "Too many callers of the account wait at this server already.",
    remedy: "Ask without waiting, or after `Retry-After`.",
  },
  "account.too_much_in_flight": {
    kind: "limited",
    meaning:
      "Requests of the account take too much memory at this server at the same time: bodies that are read or worked " +
      "on, and answers that were not taken yet.",
    remedy: "Wait as long as `Retry-After` says. Send fewer large requests at once, and read their answers.",
  },
  "bulk_action_preview.under_way": {
    kind: "limited",
    meaning: "A preview of the account is being made at this server.",
    remedy: "Send it again after `Retry-After`.",
  },
  "request.headers_too_large": {
    kind: "headers_too_large",
    meaning: "The headers are too large.",
    remedy: "Send fewer or shorter headers, cookies included.",
  },
  "service.internal_error": {
    kind: "internal",
    meaning: "A fault of the service.",
    remedy: "Tell its operator the `request_id`.",
  },
  "service.unavailable": {
    kind: "unavailable",
    meaning: "The database is not available, or takes no writes at present. Nothing was done.",
    remedy: "Send the request again after `Retry-After`.",
  },
  "bulk_action.outcome_unknown": {
    kind: "unavailable",
    meaning: "The database did not answer, so it is unknown whether the bulk action was created.",
    remedy: "List your bulk actions, or send the same request with the same `Idempotency-Key` again.",
  },
  "request.outcome_unknown": {
    kind: "unavailable",
    meaning: "The database did not answer, so it is unknown whether the change was made.",
    remedy: "Look whether it was made before you send it again. A cancel may be sent again at once.",
  },
  "service.busy": {
    kind: "unavailable",
    meaning: "The server has no memory to spare for the request. Nothing was done.",
    remedy: "Send the request again after `Retry-After`.",
  },
  "bulk_action_preview.timeout": {
    kind: "unavailable",
    meaning: "The preview took too long. Nothing was changed.",
    remedy: "Send it again later, or with fewer ids.",
  },
  "webhook_endpoint.not_set_up": {
    kind: "unavailable",
    meaning: "The server has no `WEBHOOK_SECRET_KEY`, so it can send no webhooks.",
    remedy: "The operator has to set it.",
  },
} as const satisfies Readonly<Record<string, ErrorDescription>>;

/** The kinds of the refusals that only `pnpm admin` makes; no answer of the API has these codes. */
export type AdminErrors = {
  readonly "account.not_found": "not_found";
  readonly "account.exists": "conflict";
  readonly "token.not_found": "not_found";
  readonly "token.ended": "conflict";
  readonly "pause.not_found": "not_found";
  readonly "throttle.not_found": "not_found";
};
