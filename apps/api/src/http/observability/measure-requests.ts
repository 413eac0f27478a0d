import type { Request, RequestHandler, Response } from "express";
import type { ApiMetrics } from "./api-metrics.ts";

/** Returns the middleware that counts and times requests per route template. All unknown paths share one label. */
export function measureRequests(metrics: Pick<ApiMetrics, "responded">): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once("close", () => {
      const { method } = request;
      const status = response.writableFinished ? String(response.statusCode) : "cut_off";
      const waited = hasWaited(response) ? "yes" : "no";
      metrics.responded({ method, route: nameRoute(request), status, waited }, performance.now() - startedAt);
    });
    next();
  };
}

function hasWaited(response: Response): boolean {
  const type = response.getHeader("Content-Type");
  const isStream = typeof type === "string" && type.startsWith("text/event-stream");
  return isStream || response.hasHeader("Preference-Applied");
}

// Express stores the matched route in the request.
function nameRoute(request: Request): string {
  const route: unknown = request.route;
  const path: unknown = typeof route === "object" && route !== null && Reflect.get(route, "path");
  return typeof path === "string" ? path : "unknown";
}
