import { z } from "zod";

export type AnswerHeader = keyof typeof ANSWER_HEADERS;

/** These headers, and those that any answer may carry, as the reference tells of them. */
export function describeHeaders(names: readonly AnswerHeader[]): z.ZodObject {
  return z.object(
    Object.fromEntries([...ON_ANY_ANSWER, ...names].map((name) => [name, ANSWER_HEADERS[name]])),
  );
}

const ON_ANY_ANSWER = ["Request-Id", "RateLimit", "RateLimit-Policy"] as const;

/** Each is a component of its own. */
const ANSWER_HEADERS = {
  "Request-Id": header(
    "RequestId",
    "The request's own: a well-formed `X-Request-Id` of the caller's, or a new one.",
  ),
  RateLimit: header(
    "RateLimit",
    "What is left of the limit: `r` requests, until it begins anew in `t` seconds. There if `RateLimit-Policy` is.",
  ),
  "RateLimit-Policy": header(
    "RateLimitPolicy",
    "The limit of a token: `q` requests in `w` seconds. Not there before the token is known, or without a limit.",
  ),
  Location: header("Location", "Where the new object is."),
  ETag: header("ETag", "Changes whenever the body does. Send it back as `If-None-Match`."),
  "Retry-After": header("RetryAfter", "Seconds to rest before asking again."),
  "Preference-Applied": header("PreferenceApplied", "The wait that was granted, such as `wait=20`."),
  "Idempotent-Replayed": header(
    "IdempotentReplayed",
    "`true`: nothing was created, the bulk action is that of the first request with this key.",
  ),
  "WWW-Authenticate": header(
    "WWWAuthenticate",
    '`Bearer`, and what is wrong with the token that was sent: `error="invalid_token"`, or ' +
      '`error="insufficient_scope"` with the scope that it lacks (RFC 6750).',
  ),
} as const;

function header(id: string, description: string) {
  return z.string().optional().meta({ description, header: { id } });
}
