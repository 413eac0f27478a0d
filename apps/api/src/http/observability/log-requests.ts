import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describeError, type Logger } from "@bulk/service/process/logger";
import { pinoHttp } from "pino-http";
import type { Locals } from "../respond.ts";

/**
 * Returns the middleware that logs one line per request: method, path, status, duration, request id and the error of a
 * 5xx. It never logs headers, query or body. The request id is the caller's `X-Request-Id` if that is well-formed,
 * otherwise a new one; the response carries it as `Request-Id`.
 */
export function logRequests(logger: Logger) {
  return pinoHttp({
    logger,
    quietReqLogger: true,
    customAttributeKeys: { reqId: "requestId", responseTime: "durationMs", err: "error" },
    genReqId: identify,
    customLogLevel: (_request, response, error) =>
      (error ?? response.err) !== undefined || response.statusCode >= 500 ? "error" : "info",
    customProps: (_request, response) => describeLocals(response),
    customSuccessMessage: describe,
    customErrorMessage: describe,
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: url.split("?", 1)[0] }),
      res: ({ statusCode }: { statusCode: number | null }) => ({ statusCode }),
      // pino-http's serializer writes every property of the error.
      error: ({ raw }: LoggedError) => describeError(raw),
    },
  });
}

/** The error as pino-http passes it. */
type LoggedError = { readonly raw: unknown };

function identify(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
  response.setHeader("Request-Id", id);
  return id;
}

// Express adds `locals` to the response.
function describeLocals(response: ServerResponse): Readonly<Record<string, string | undefined>> {
  const { caller, bulkActionId }: Locals = "locals" in response ? (response.locals as Locals) : {};
  return { accountId: caller?.accountId, bulkActionId };
}

function describe(request: IncomingMessage, response: ServerResponse): string {
  return `${request.method} ${response.writableEnded ? response.statusCode : "cut off"}`;
}
