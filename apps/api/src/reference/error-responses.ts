import type { FailureKind } from "@bulk/domain/errors/error-codes";
import { bulkActionNotFound, notCancelable, notRestorable } from "@bulk/domain/errors/refusals";
import { RequestError } from "@bulk/domain/errors/request-error";
import { errorObject } from "@bulk/wire/error";
import { EXAMPLE_REQUEST_ID } from "@bulk/wire/examples";
import type { ZodOpenApiResponseObject } from "zod-openapi";
import { type ErrorBody, errorResponse, protocolErrorResponse } from "../http/error-body.ts";
import { describeHeaders, type ResponseHeader } from "../http/response-headers.ts";

/** The documented response of each kind of error, with one code as an example; `docs/errors.md` lists all codes. */
export const ERROR_RESPONSES: Readonly<Record<FailureKind, ZodOpenApiResponseObject>> = {
  malformed: describe(
    "Malformed",
    "The request cannot be parsed: invalid JSON, not an object, bad syntax.",
    refusal(new RequestError("malformed", "request.malformed", "The body is not valid JSON.")),
  ),
  unauthorized: describe(
    "Unauthorized",
    "The token is missing, unknown, revoked or expired. There is no other reason for a 401.",
    refusal(new RequestError("unauthorized", "unauthorized", "Invalid API token provided.")),
    "WWW-Authenticate",
  ),
  forbidden: describe(
    "Forbidden",
    "The token lacks the required scope.",
    refusal(
      new RequestError("forbidden", "token.scope_missing", "This token lacks the scope bulk_actions:write."),
    ),
    "WWW-Authenticate",
  ),
  not_found: describe("NotFound", "No such id in this account.", refusal(bulkActionNotFound())),
  slow: describe(
    "TooSlow",
    "The request did not arrive in time.",
    protocolErrorResponse("ERR_HTTP_REQUEST_TIMEOUT").body,
  ),
  conflict: describe(
    "Conflict",
    "The current state does not allow the request; `code` says why. `Retry-After` is sent if waiting helps.",
    refusal(notCancelable()),
    "Retry-After",
  ),
  gone: describe("Gone", "What the request needs is no longer kept.", refusal(notRestorable("expired"))),
  too_large: describe(
    "TooLarge",
    "The body exceeds a limit.",
    refusal(new RequestError("too_large", "request.too_large", "The body is too large.")),
  ),
  unsupported: describe(
    "Unsupported",
    "The content type, charset or compression of the body is not supported.",
    refusal(new RequestError("unsupported", "request.unsupported_media_type", "Send UTF-8.")),
  ),
  invalid: describe(
    "Invalid",
    "`validation_errors` lists the errors. If it is empty, `code` gives the reason.",
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
  limited: describe(
    "Limited",
    "The caller has exceeded a limit; `code` says which.",
    refusal(
      new RequestError(
        "limited",
        "rate_limit.exceeded",
        "This token may make 150 requests in 10 s. Try again in 3 s.",
      ),
    ),
    "Retry-After",
  ),
  headers_too_large: describe(
    "HeadersTooLarge",
    "The headers are too large.",
    protocolErrorResponse("HPE_HEADER_OVERFLOW").body,
  ),
  internal: describe(
    "Internal",
    "The service has a fault. Report the `request_id`.",
    errorResponse(new Error("Not for callers.")).body,
  ),
  unavailable: describe(
    "Unavailable",
    "Temporarily unavailable.",
    refusal(
      new RequestError("unavailable", "service.unavailable", "The database is unavailable. Try again soon."),
    ),
    "Retry-After",
  ),
};

function describe(
  id: string,
  description: string,
  body: ErrorBody,
  ...headers: readonly ResponseHeader[]
): ZodOpenApiResponseObject {
  const example = { ...body, request_id: EXAMPLE_REQUEST_ID };
  return {
    id,
    description,
    headers: describeHeaders(headers),
    content: { "application/json": { schema: errorObject, example } },
  };
}

function refusal(error: RequestError): ErrorBody {
  return errorResponse(error).body;
}
