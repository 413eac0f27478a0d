import { API_ERRORS, type ErrorCode, type FailureKind } from "@bulk/domain/errors/error-codes";
import { RequestError, type ValidationError } from "@bulk/domain/errors/request-error";
import { isDatabaseBusy, isDatabaseUnavailable, isNotMigrated } from "@bulk/store/sqlstate";

/** The base contract's five keys of an error response. `sendError` adds `request_id`. */
export type ErrorBody = {
  readonly http_status: string;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly validation_errors: readonly ValidationError[];
};

export type ErrorResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
};

/** Returns the response to a thrown error. An unexpected error becomes a 500 without details. */
export function errorResponse(error: unknown): ErrorResponse {
  if (error instanceof RequestError) {
    const [status, name, headers] = STATUSES[error.kind];
    const retryAfter = error.retryAfterSeconds;
    return render(
      [status, name, { ...headers, ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }) }],
      error.code,
      error.message,
      error.validationErrors,
    );
  }
  if (isDatabaseBusy(error)) {
    return failure(
      "service.unavailable",
      "The database is busy: this took too long, or another session held a lock on what it needs. Try again soon.",
    );
  }
  // Before the migration the API is not ready, but it may still be called. The caller may try again later.
  if (isDatabaseUnavailable(error) || isNotMigrated(error)) {
    return failure("service.unavailable", "The database is unavailable. Try again soon.");
  }
  return unreadablePath(error) ?? failure("service.internal_error", "Something went wrong on our side.");
}

/** Returns the response to bytes that Node could not parse as a request, by Node's error code, or to a CONNECT. */
export function protocolErrorResponse(code: string | undefined): ErrorResponse {
  switch (code) {
    case "CONNECT":
      return failure("request.not_found", "CONNECT is not supported.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return failure("request.timeout", "The request did not arrive in time.");
    case "HPE_HEADER_OVERFLOW":
      return failure("request.headers_too_large", "The headers are too large.");
    default:
      return failure("request.malformed", "This is not HTTP/1.1.");
  }
}

/** Returns the HTTP status of a kind of failure. */
export function statusOf(kind: FailureKind): number {
  return STATUSES[kind][0];
}

type Status = readonly [status: number, name: string, headers?: Readonly<Record<string, string>>];

const STATUSES: Readonly<Record<FailureKind, Status>> = {
  malformed: [400, "bad_request"],
  unauthorized: [401, "unauthorized"],
  forbidden: [403, "forbidden"],
  not_found: [404, "not_found"],
  slow: [408, "request_timeout"],
  conflict: [409, "conflict"],
  gone: [410, "gone"],
  too_large: [413, "payload_too_large"],
  unsupported: [415, "unsupported_media_type"],
  invalid: [422, "unprocessable_entity"],
  limited: [429, "too_many_requests"],
  headers_too_large: [431, "request_header_fields_too_large"],
  internal: [500, "internal_server_error"],
  unavailable: [503, "service_unavailable", { "Retry-After": "5" }],
};

// Express throws this for a path with invalid percent-encoding.
function unreadablePath(error: unknown): ErrorResponse | undefined {
  if (!(error instanceof URIError) || Reflect.get(error, "status") !== 400) return undefined;
  return failure("request.malformed", "The path is not valid percent-encoding.");
}

function failure(code: ErrorCode, message: string): ErrorResponse {
  return render(STATUSES[API_ERRORS[code].kind], code, message);
}

function render(
  [status, name, headers = {}]: Status,
  code: string,
  message: string,
  validationErrors: readonly ValidationError[] = [],
): ErrorResponse {
  const type = code.slice(code.indexOf(".") + 1);
  return {
    status,
    headers,
    body: { http_status: name, type, code, message, validation_errors: validationErrors },
  };
}
