import { RequestError, type RequestErrorKind, type ValidationError } from "@bulk/domain/request-error";
import type { ZodOpenApiResponseObject } from "zod-openapi";
import { type AnswerHeader, describeHeaders } from "./answer-headers.ts";
import { type ErrorBody, errorAnswer, type FailureKind, protocolAnswer } from "./error-body.ts";
import { EXAMPLE_REQUEST_ID } from "./examples.ts";
import { errorObject } from "./wire.ts";

/** What the reference says of each kind of failure, with one of its codes as an example. */
export const FAILURE_ANSWERS: Readonly<Record<FailureKind, ZodOpenApiResponseObject>> = {
  malformed: answer(
    "Malformed",
    "Not a request that can be understood: no JSON, no object, bad syntax.",
    refusal("malformed", "request.malformed", "The body is not valid JSON."),
  ),
  unauthorized: answer(
    "Unauthorized",
    "The token is missing, unknown, revoked or expired.",
    refusal("unauthorized", "token.invalid", "This token is unknown, revoked or expired."),
    "WWW-Authenticate",
  ),
  forbidden: answer(
    "Forbidden",
    "The token lacks the scope.",
    refusal("forbidden", "token.scope_missing", "This token lacks the scope bulk_actions:write."),
  ),
  not_found: answer(
    "NotFound",
    "There is none with this id, or it is another account's.",
    refusal("not_found", "bulk_action.not_found", "There is no bulk action with this id."),
  ),
  slow: answer(
    "TooSlow",
    "The request did not arrive in time.",
    protocolAnswer("ERR_HTTP_REQUEST_TIMEOUT").body,
  ),
  conflict: answer(
    "Conflict",
    "The present state does not allow it; `code` says why. `Retry-After` if that passes by itself.",
    refusal(
      "conflict",
      "bulk_action.not_cancelable",
      "This bulk action has ended; there is nothing left to cancel.",
    ),
    "Retry-After",
  ),
  too_large: answer(
    "TooLarge",
    "The body is over the cap.",
    refusal("too_large", "request.too_large", "The body is too large."),
  ),
  unsupported: answer(
    "Unsupported",
    "The body is of another content type, charset or encoding.",
    refusal("unsupported", "request.unsupported_media_type", "Send UTF-8."),
  ),
  invalid: answer(
    "Invalid",
    "`validation_errors` names the faults; if it is empty, `code` says what cannot be done.",
    refusal("invalid", "bulk_action.invalid", "record_ids can't be blank.", [
      {
        attribute: "record_ids",
        type: "blank",
        code: "bulk_action.record_ids.blank",
        options: {},
        message: "can't be blank",
      },
    ]),
  ),
  limited: answer(
    "Limited",
    "This caller is over a limit: requests of its token (`rate_limit.exceeded`), open bulk actions of its account " +
      "(`bulk_action.too_many_open`), callers of its account that wait (`bulk_action.too_many_waiting`), or its " +
      "account's one preview (`bulk_action_preview.under_way`).",
    refusal("limited", "rate_limit.exceeded", "This token may make 150 requests in 10 s. Try again in 3 s."),
    "Retry-After",
  ),
  headers_too_large: answer(
    "HeadersTooLarge",
    "The headers are too large.",
    protocolAnswer("HPE_HEADER_OVERFLOW").body,
  ),
  internal: answer(
    "Internal",
    "A fault of ours; tell us its `request_id`.",
    errorAnswer(new Error("Any that is not meant for callers.")).body,
  ),
  unavailable: answer(
    "Unavailable",
    "Not available for the moment.",
    refusal("unavailable", "service.unavailable", "The database is not available. Try again soon."),
    "Retry-After",
  ),
};

function answer(
  id: string,
  description: string,
  body: ErrorBody,
  ...headers: readonly AnswerHeader[]
): ZodOpenApiResponseObject {
  const example = { ...body, request_id: EXAMPLE_REQUEST_ID };
  return {
    ...{ id, description },
    headers: describeHeaders(headers),
    content: { "application/json": { schema: errorObject, example } },
  };
}

function refusal(
  kind: RequestErrorKind,
  code: string,
  message: string,
  errors: readonly ValidationError[] = [],
): ErrorBody {
  return errorAnswer(new RequestError(kind, code, message, errors)).body;
}
