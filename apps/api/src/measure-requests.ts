import type { Request, RequestHandler, Response } from "express";
import type { ApiMetrics } from "./api-metrics.ts";

/** Counts and times every request under its route's template; all unknown paths share one. */
export function measureRequests(metrics: Pick<ApiMetrics, "answered">): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once("close", () => {
      const { method } = request;
      const status = response.writableFinished ? String(response.statusCode) : "cut_off";
      const waited = hasWaited(response) ? "yes" : "no";
      metrics.answered({ method, route: nameRoute(request), status, waited }, performance.now() - startedAt);
    });
    next();
  };
}

function hasWaited(response: Response): boolean {
  const type = response.getHeader("Content-Type");
  const isStream = typeof type === "string" && type.startsWith("text/event-stream");
  return isStream || response.hasHeader("Preference-Applied");
}

// Express leaves the route it found on the request.
function nameRoute(request: Request): string {
  const route: unknown = request.route;
  const path: unknown = typeof route === "object" && route !== null && Reflect.get(route, "path");
  return typeof path === "string" ? path : "unknown";
}
