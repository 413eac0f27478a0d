import { tracer } from "@bulk/service/tracing/in-span";
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Request, RequestHandler, Response } from "express";
import type { Locals } from "../respond.ts";

/**
 * Records one span per request, in the trace of its `traceparent` if it has one. The span has no query, body, token or
 * address. https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export const traceRequests: RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> = (
  request,
  response,
  next,
) => {
  const parent = propagation.extract(ROOT_CONTEXT, request.headers);
  const attributes = {
    "http.request.method": request.method,
    "url.path": request.path.slice(0, 200),
    "url.scheme": request.protocol,
  };
  const span = tracer.startSpan(request.method, { kind: SpanKind.SERVER, attributes }, parent);
  response.once("close", () => {
    setRoute(span, request);
    setOutcome(span, response);
    span.end();
  });
  context.with(trace.setSpan(parent, span), next);
};

// The span name uses the route template, so that it does not vary with ids. Unknown paths have no route.
function setRoute(span: Span, { route, method }: Pick<Request, "route" | "method">): void {
  const { path }: { readonly path?: unknown } = route ?? {};
  if (typeof path !== "string") return;
  span.updateName(`${method} ${path}`);
  span.setAttribute("http.route", path);
}

function setOutcome(span: Span, response: Response<unknown, Locals>): void {
  const { bulkActionId } = response.locals;
  if (bulkActionId !== undefined) span.setAttribute("bulk_action.id", bulkActionId);
  if (response.headersSent) span.setAttribute("http.response.status_code", response.statusCode);
  const fault = findFault(response);
  if (fault === undefined) return;
  span.setAttribute("error.type", fault);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

// A 4xx is the caller's error and not the server's.
function findFault({ statusCode, writableFinished }: Response): string | undefined {
  if (statusCode >= 500) return String(statusCode);
  return writableFinished ? undefined : "cut_off";
}
