import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describeError, type Logger } from "@bulk/service/logger";
import { pinoHttp } from "pino-http";
import type { Locals } from "./answer.ts";

/**
 * One line per request: method, path, status, duration and request id, and of a failure of ours the error;
 * never headers, query or body. The id goes back in `Request-Id`; a well-formed `X-Request-Id` of the
 * caller is kept.
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
      // pino-http's own writes every property.
      error: ({ raw }: LoggedError) => describeError(raw),
    },
  });
}

/** As pino-http hands it over. */
type LoggedError = { readonly raw: unknown };

function identify(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
  response.setHeader("Request-Id", id);
  return id;
}

// Express keeps what a request gathered in `locals` of its own response type.
function describeLocals(response: ServerResponse): Readonly<Record<string, string | undefined>> {
  const { caller, bulkActionId }: Locals = "locals" in response ? (response.locals as Locals) : {};
  return { accountId: caller?.accountId, bulkActionId };
}

function describe(request: IncomingMessage, response: ServerResponse): string {
  return `${request.method} ${response.writableEnded ? response.statusCode : "cut off"}`;
}
