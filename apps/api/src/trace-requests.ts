import { tracer } from "@bulk/service/in-span";
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
import type { Locals } from "./answer.ts";

/**
 * One span per request, part of the trace that its `traceparent` names, if any. Nothing of its query, body,
 * token or address is told. https://opentelemetry.io/docs/specs/semconv/http/http-spans/
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
    tellRoute(span, request);
    tellAnswer(span, response);
    span.end();
  });
  context.with(trace.setSpan(parent, span), next);
};

// Known only when it was found; the name must not vary with every id.
function tellRoute(span: Span, { route, method }: Pick<Request, "route" | "method">): void {
  const { path }: { readonly path?: unknown } = route ?? {};
  if (typeof path !== "string") return;
  span.updateName(`${method} ${path}`);
  span.setAttribute("http.route", path);
}

function tellAnswer(span: Span, response: Response<unknown, Locals>): void {
  const { bulkActionId } = response.locals;
  if (bulkActionId !== undefined) span.setAttribute("bulk_action.id", bulkActionId);
  if (response.headersSent) span.setAttribute("http.response.status_code", response.statusCode);
  const fault = findFault(response);
  if (fault === undefined) return;
  span.setAttribute("error.type", fault);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

// A refusal is the caller's fault, and for the server no error.
function findFault({ statusCode, writableFinished }: Response): string | undefined {
  if (statusCode >= 500) return String(statusCode);
  return writableFinished ? undefined : "cut_off";
}
