import type { FailureKind } from "@bulk/domain/error-codes";
import { bulkActionNotFound, notCancelable } from "@bulk/domain/refusals";
import { RequestError } from "@bulk/domain/request-error";
import type { ZodOpenApiResponseObject } from "zod-openapi";
import { type AnswerHeader, describeHeaders } from "./answer-headers.ts";
import { type ErrorBody, errorAnswer, protocolAnswer } from "./error-body.ts";
import { EXAMPLE_REQUEST_ID } from "./examples.ts";
import { errorObject } from "./wire.ts";

/** What the reference says of each kind of failure, with one of its codes as an example; `errors.md` lists all. */
export const FAILURE_ANSWERS: Readonly<Record<FailureKind, ZodOpenApiResponseObject>> = {
  malformed: answer(
    "Malformed",
    "Not a request that can be understood: no JSON, no object, bad syntax.",
    refusal(new RequestError("malformed", "request.malformed", "The body is not valid JSON.")),
  ),
  unauthorized: answer(
    "Unauthorized",
    "The token is missing, unknown, revoked or expired; nothing else is answered with 401.",
    refusal(new RequestError("unauthorized", "unauthorized", "Invalid API token provided.")),
    "WWW-Authenticate",
  ),
  forbidden: answer(
    "Forbidden",
    "The token lacks the scope.",
    refusal(
      new RequestError("forbidden", "token.scope_missing", "This token lacks the scope bulk_actions:write."),
    ),
    "WWW-Authenticate",
  ),
  not_found: answer(
    "NotFound",
    "There is none with this id, or it is another account's.",
    refusal(bulkActionNotFound()),
  ),
  slow: answer(
    "TooSlow",
    "The request did not arrive in time.",
    protocolAnswer("ERR_HTTP_REQUEST_TIMEOUT").body,
  ),
  conflict: answer(
    "Conflict",
    "The present state does not allow it; `code` says why. `Retry-After` if that passes by itself.",
    refusal(notCancelable()),
    "Retry-After",
  ),
  too_large: answer(
    "TooLarge",
    "The body is over the cap.",
    refusal(new RequestError("too_large", "request.too_large", "The body is too large.")),
  ),
  unsupported: answer(
    "Unsupported",
    "The body is of another content type, charset or encoding.",
    refusal(new RequestError("unsupported", "request.unsupported_media_type", "Send UTF-8.")),
  ),
  invalid: answer(
    "Invalid",
    "`validation_errors` names the faults; if it is empty, `code` says what cannot be done.",
    refusal(
      new RequestError("invalid", "bulk_action.invalid", "record_ids can't be blank.", [
        {
          attribute: "record_ids",
          type: "blank",
          code: "bulk_action.record_ids.blank",
          options: {},
          message: "can't be blank",
        },
      ]),
    ),
  ),
  limited: answer(
    "Limited",
    "This caller is over a limit; `code` says which.",
    refusal(
      new RequestError(
        "limited",
        "rate_limit.exceeded",
        "This token may make 150 requests in 10 s. Try again in 3 s.",
      ),
    ),
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
    refusal(
      new RequestError(
        "unavailable",
        "service.unavailable",
        "The database is not available. Try again soon.",
      ),
    ),
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

function refusal(error: RequestError): ErrorBody {
  return errorAnswer(error).body;
}
