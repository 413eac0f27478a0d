import { z } from "zod";

export type ResponseHeader = keyof typeof RESPONSE_HEADERS;

/** Returns the documentation of these headers and of the headers that any response may have. */
export function describeHeaders(names: readonly ResponseHeader[]): z.ZodObject {
  return z.object(
    Object.fromEntries([...COMMON_HEADERS, ...names].map((name) => [name, RESPONSE_HEADERS[name]])),
  );
}

const COMMON_HEADERS = ["Request-Id", "RateLimit", "RateLimit-Policy"] as const;

/** Each becomes a component of the OpenAPI document. */
const RESPONSE_HEADERS = {
  "Request-Id": header(
    "RequestId",
    "Identifies the request. It is the caller's `X-Request-Id` if that is well-formed, otherwise a new id.",
  ),
  RateLimit: header(
    "RateLimit",
    "The remaining requests (`r`) and the seconds until the limit resets (`t`). Sent with `RateLimit-Policy`.",
  ),
  "RateLimit-Policy": header(
    "RateLimitPolicy",
    "The rate limit of the token: `q` requests in `w` seconds. Absent if the token is invalid or there is no limit.",
  ),
  Location: header("Location", "The path of the new object."),
  ETag: header(
    "ETag",
    "The version of the body. Send it as `If-None-Match` to get a 304 while nothing has changed.",
  ),
  "Retry-After": header("RetryAfter", "Seconds to wait before the next request."),
  "Preference-Applied": header("PreferenceApplied", "The wait that the server applied, such as `wait=20`."),
  "Idempotent-Replayed": header(
    "IdempotentReplayed",
    "`true` if an earlier request with this key created the bulk action and this one created nothing.",
  ),
  "WWW-Authenticate": header(
    "WWWAuthenticate",
    '`Bearer`, with the error of the token, if one was sent: `error="invalid_token"`, or ' +
      '`error="insufficient_scope"` with the required scope (RFC 6750).',
  ),
} as const;

function header(id: string, description: string) {
  return z.string().optional().meta({ description, header: { id } });
}
