import { RequestError } from "@bulk/domain/errors/request-error";
import type { RequestHandler } from "express";
import type { Operation } from "../context.ts";
import { PASSENGERS } from "./input/passengers.ts";
import { findUnknownParameters, parseQuery } from "./input/query.ts";
import { refuseUnknown, type ValidatedObject } from "./input/unknown-names.ts";

/**
 * Returns the middleware that refuses what the endpoint would ignore: unknown query parameters, and a body where it takes
 * none. Unknown parameters pass where the base contract's clients may send any (`allowsParameters`).
 */
export function refuseIgnored(path: string, { query, body, allowsParameters }: Operation): RequestHandler {
  const object = nameObject(path);
  const known = new Set([...Object.keys(query?.shape ?? {}), ...PASSENGERS]);
  return (request, _response, next) => {
    if (allowsParameters === undefined) {
      const unknown = findUnknownParameters(parseQuery(request.originalUrl), known);
      refuseUnknown(object, unknown, `${object}.`);
    }
    if (body === undefined) refuseBody(object, request.body);
    next();
  };
}

/** The object in the codes of an endpoint's validation errors. */
function nameObject(path: string): ValidatedObject {
  if (path.includes("deliveries")) return "webhook_delivery";
  return path.startsWith("/v1/webhook_endpoints") ? "webhook_endpoint" : "bulk_action";
}

// Clients that always send a body send an empty one.
function refuseBody(object: ValidatedObject, body: unknown): void {
  if (body === undefined || body === null || body === "") return;
  if (typeof body !== "object")
    throw new RequestError("malformed", "request.malformed", "This endpoint takes no body.");
  refuseUnknown(
    object,
    Object.keys(body).filter((name) => !PASSENGERS.has(name)),
    "",
  );
}
