import { RequestError } from "@bulk/domain/request-error";
import type { Scope } from "@bulk/domain/scope";
import { type Caller, findCaller } from "@bulk/store/api-tokens";
import type { Database } from "@bulk/store/database";
import type { RequestHandler } from "express";
import type { Locals } from "./answer.ts";

/** Lets only a caller with the scope through, before any of the body is read. */
export function requireCaller(
  scope: Scope,
  database: Database,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  return async (request, response, next) => {
    response.locals.caller = await authenticate(request.headers.authorization, scope, database);
    next();
  };
}

/**
 * The holder of the request's bearer token (RFC 6750). Throws `unauthorized` for a missing or bad token and
 * for nothing else, because real clients delete their stored token on it; `forbidden` without the scope.
 */
async function authenticate(
  authorization: string | undefined,
  scope: Scope,
  database: Database,
): Promise<Caller> {
  const secret = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization ?? "")?.[1];
  if (secret === undefined) {
    throw new RequestError(
      "unauthorized",
      "token.missing",
      "Send your token as Authorization: Bearer <token>.",
    );
  }
  const caller = await findCaller(database, secret);
  if (caller === undefined) {
    throw new RequestError("unauthorized", "token.invalid", "This token is unknown, revoked or expired.");
  }
  if (!caller.scopes.includes(scope)) {
    throw new RequestError("forbidden", "token.scope_missing", `This token lacks the scope ${scope}.`);
  }
  return caller;
}
