import { RequestError } from "@bulk/domain/errors/request-error";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { requireCaller } from "../auth/authenticate.ts";
import type { Gate } from "../auth/gate.ts";
import { findKeyTypeIn } from "../bulk-actions/body/find-key-type.ts";
import type { ApiContext } from "../context.ts";
import { describeApi } from "../reference/openapi.ts";
import { serveReference } from "../reference/reference.ts";
import { routes, takesBody } from "../routes.ts";
import { readBody } from "./bodies/read-body.ts";
import { errorResponse } from "./error-body.ts";
import { claimMemory } from "./memory/claim-memory.ts";
import { logRequests } from "./observability/log-requests.ts";
import { measureRequests } from "./observability/measure-requests.ts";
import { traceRequests } from "./observability/trace-requests.ts";
import { refuseIgnored } from "./refuse-ignored.ts";
import { respondWith, sendError } from "./respond.ts";

/** Creates the public API: middleware in order, then the routes, then the error handlers. */
export function createApp(context: ApiContext, gate: Gate): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  app.set("trust proxy", context.config.TRUSTED_PROXIES ?? []);
  app.use(measureRequests(context.metrics));
  app.use(traceRequests);
  app.use(logRequests(context.logger));
  app.use(helmet());
  app.use(refuseWithoutHost);
  const served = routes.map((route) => ({ ...route, endpoint: route.endpoint(context) }));
  app.use(serveReference(describeApi(served, context.registry)));
  const options = { takeMs: context.timeouts.takeMs };
  const ids = { most: context.config.MAX_RECORD_IDS, findKeyType: findKeyTypeIn(context.registry) };
  for (const { method, path, scope, endpoint } of served) {
    const { takesRecordIds, takesStreams = false } = endpoint.operation;
    const bodyOptions = { oneAtATime: context.oneAtATime, ids: takesRecordIds && ids, takesStreams };
    const body = takesBody(method) ? [readBody(bodyOptions, endpoint)] : [];
    const guards = [requireCaller(scope, gate), claimMemory(gate.budget), ...body];
    app[method](path, ...guards, refuseIgnored(path, endpoint.operation), respondWith(endpoint, options));
  }
  app.use(refuseUnknownPath);
  app.use(refuse);
  return app;
}

// RFC 9112, 3.2.
const refuseWithoutHost: RequestHandler = ({ httpVersion, headers }, _response, next) => {
  if (httpVersion !== "1.1" || headers.host !== undefined) next();
  else throw new RequestError("malformed", "request.malformed", "HTTP/1.1 requires a Host header.");
};

const refuseUnknownPath: RequestHandler = (request) => {
  throw new RequestError(
    "not_found",
    "request.not_found",
    `${request.method} ${request.path.slice(0, 200)} does not exist.`,
  );
};

// Express recognizes an error handler by its four parameters. The request log includes `response.err`.
const refuse: ErrorRequestHandler = (error: unknown, request, response, _next) => {
  const failed = errorResponse(error);
  if (failed.status >= 500 && error instanceof Error) response.err = error;
  // The caller was not told to continue, so it is unknown whether a body follows.
  if (request.headers.expect !== undefined && !request.readableDidRead) response.shouldKeepAlive = false;
  // Once the body has begun, closing the connection is the only way to signal an error.
  if (response.headersSent) response.destroy();
  else sendError(response, failed);
};
