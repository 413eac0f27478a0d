import { RequestError } from "@bulk/domain/request-error";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { answerWith, sendError } from "./answer.ts";
import { requireCaller } from "./authenticate.ts";
import { claimMemory } from "./claim-memory.ts";
import type { ApiContext } from "./context.ts";
import { errorAnswer } from "./error-body.ts";
import type { Gate } from "./gate.ts";
import { logRequests } from "./log-requests.ts";
import { measureRequests } from "./measure-requests.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { describeApi } from "./openapi.ts";
import { readBody } from "./read-body.ts";
import { serveReference } from "./reference.ts";
import { routes, takesBody } from "./routes.ts";
import { traceRequests } from "./trace-requests.ts";

/** The public API: middleware in order, then the routes, then what is left. */
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
  app.use(serveReference(describeApi(served)));
  const oneAtATime = createOneAtATime();
  for (const { method, path, scope, endpoint } of served) {
    const mostIds = endpoint.operation.takesRecordIds ? context.config.MAX_RECORD_IDS : 0;
    const body = takesBody(method) ? [readBody(mostIds, oneAtATime)] : [];
    const guards = [requireCaller(scope, gate), claimMemory(gate.budget), ...body];
    app[method](path, ...guards, answerWith(endpoint, context.timeouts.takeMs));
  }
  app.use(refuseUnknownPath);
  app.use(refuse);
  return app;
}

// RFC 9112, 3.2.
const refuseWithoutHost: RequestHandler = ({ httpVersion, headers }, _response, next) => {
  if (httpVersion !== "1.1" || headers.host !== undefined) next();
  else throw new RequestError("malformed", "request.malformed", "HTTP/1.1 demands a Host header.");
};

const refuseUnknownPath: RequestHandler = (request) => {
  throw new RequestError(
    "not_found",
    "request.not_found",
    `There is no ${request.method} ${request.path.slice(0, 200)} here.`,
  );
};

// Express knows an error handler by its four parameters. The request's log line tells of `response.err`.
const refuse: ErrorRequestHandler = (error: unknown, request, response, _next) => {
  const answer = errorAnswer(error);
  if (answer.status >= 500 && error instanceof Error) response.err = error;
  // Nobody knows whether a body comes that the caller was not told to send.
  if (request.headers.expect !== undefined && !request.readableDidRead) response.shouldKeepAlive = false;
  // Too late for words once the body has begun; a cut connection at least is no false success.
  if (response.headersSent) response.destroy();
  else sendError(response, answer);
};
