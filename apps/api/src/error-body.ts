import { API_ERRORS, type ErrorCode, type FailureKind } from "@bulk/domain/error-codes";
import { RequestError, type ValidationError } from "@bulk/domain/request-error";
import { isDatabaseUnavailable, isNotMigrated } from "@bulk/store/sqlstate";

/** The base contract's five keys of every answer that is not a 2xx; `request_id` is added on the way out. */
export type ErrorBody = {
  readonly http_status: string;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly validation_errors: readonly ValidationError[];
};

export type ErrorAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
};

/** What a caller is told of anything thrown; whatever is not meant for callers becomes a bare 500. */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof RequestError) {
    const [status, name, headers] = ANSWERS[error.kind];
    const retryAfter = error.retryAfterSeconds;
    return answer(
      [status, name, { ...headers, ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }) }],
      ...([error.code, error.message, error.validationErrors] as const),
    );
  }
  // The API is not ready then. Whoever calls it all the same may come again after the migration.
  if (isDatabaseUnavailable(error) || isNotMigrated(error)) {
    return failure("service.unavailable", "The database is not available. Try again soon.");
  }
  return unreadablePath(error) ?? failure("service.internal_error", "Something went wrong on our side.");
}

/** The answer to what never became a request: bad syntax, too slow, headers too large, a tunnel asked for. */
export function protocolAnswer(code: string | undefined): ErrorAnswer {
  switch (code) {
    case "CONNECT":
      return failure("request.not_found", "There is no CONNECT here.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return failure("request.timeout", "The request did not arrive in time.");
    case "HPE_HEADER_OVERFLOW":
      return failure("request.headers_too_large", "The headers are too large.");
    default:
      return failure("request.malformed", "This is not HTTP/1.1.");
  }
}

/** The status of an answer to a failure. */
export function statusOf(kind: FailureKind): number {
  return ANSWERS[kind][0];
}

type Status = readonly [status: number, name: string, headers?: Readonly<Record<string, string>>];

const ANSWERS: Readonly<Record<FailureKind, Status>> = {
  malformed: [400, "bad_request"],
  unauthorized: [401, "unauthorized"],
  forbidden: [403, "forbidden"],
  not_found: [404, "not_found"],
  slow: [408, "request_timeout"],
  conflict: [409, "conflict"],
  too_large: [413, "payload_too_large"],
  unsupported: [415, "unsupported_media_type"],
  invalid: [422, "unprocessable_entity"],
  limited: [429, "too_many_requests"],
  headers_too_large: [431, "request_header_fields_too_large"],
  internal: [500, "internal_server_error"],
  unavailable: [503, "service_unavailable", { "Retry-After": "5" }],
};

// What Express blames on the caller: a path that is no percent-encoding.
function unreadablePath(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof URIError) || Reflect.get(error, "status") !== 400) return undefined;
  return failure("request.malformed", "The path cannot be read.");
}

function failure(code: ErrorCode, message: string): ErrorAnswer {
  return answer(ANSWERS[API_ERRORS[code].kind], code, message);
}

function answer(
  [status, name, headers = {}]: Status,
  code: string,
  message: string,
  validationErrors: readonly ValidationError[] = [],
): ErrorAnswer {
  const type = code.slice(code.indexOf(".") + 1);
  return {
    status,
    headers,
    body: { http_status: name, type, code, message, validation_errors: validationErrors },
  };
}
