import { RequestError, type RequestErrorKind, type ValidationError } from "@bulk/domain/request-error";
import { type ErrorBody, errorAnswer, type FailureKind, protocolAnswer } from "./error-body.ts";

/** What each kind of failure looks like to a caller, by one of its codes. */
export const EXAMPLE_ERRORS: Readonly<Record<FailureKind, ErrorBody>> = {
  malformed: refusal("malformed", "request.malformed", "The body is not valid JSON."),
  unauthorized: refusal("unauthorized", "token.invalid", "This token is unknown, revoked or expired."),
  forbidden: refusal("forbidden", "token.scope_missing", "This token lacks the scope bulk_actions:write."),
  not_found: refusal("not_found", "bulk_action.not_found", "There is no bulk action with this id."),
  slow: protocolAnswer("ERR_HTTP_REQUEST_TIMEOUT").body,
  conflict: refusal(
    "conflict",
    "bulk_action.not_cancelable",
    "This bulk action has ended; there is nothing left to cancel.",
  ),
  too_large: refusal("too_large", "request.too_large", "The body is too large."),
  unsupported: refusal("unsupported", "request.unsupported_media_type", "Send UTF-8."),
  invalid: refusal("invalid", "bulk_action.invalid", "record_ids can't be blank.", [
    {
      attribute: "record_ids",
      type: "blank",
      code: "bulk_action.record_ids.blank",
      options: {},
      message: "can't be blank",
    },
  ]),
  limited: refusal(
    "limited",
    "rate_limit.exceeded",
    "This token may make 150 requests in 10 s. Try again in 3 s.",
  ),
  headers_too_large: protocolAnswer("HPE_HEADER_OVERFLOW").body,
  internal: errorAnswer(new Error()).body,
  unavailable: refusal(
    "unavailable",
    "service.unavailable",
    "The database is not available. Try again soon.",
  ),
};

function refusal(
  kind: RequestErrorKind,
  code: string,
  message: string,
  errors: readonly ValidationError[] = [],
): ErrorBody {
  return errorAnswer(new RequestError(kind, code, message, errors)).body;
}
