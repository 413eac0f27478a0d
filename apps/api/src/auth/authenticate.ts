import { RequestError } from "@bulk/domain/errors/request-error";
import type { Scope } from "@bulk/domain/scope";
import type { Caller } from "@bulk/store/accounts/api-tokens";
import type { Request, RequestHandler, Response } from "express";
import type { Locals } from "../http/respond.ts";
import type { Gate } from "./gate.ts";
import { limitRate } from "./limit-rate.ts";

/** Refuses callers without the scope and callers over their rate, before the body is read. */
export function requireCaller(
  scope: Scope,
  gate: Gate,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  return async (request, response, next) => {
    const now = new Date();
    const caller = await authenticate(request, gate, now, response);
    response.locals.caller = caller;
    gate.uses.note(caller.tokenId, now);
    if (gate.limiter !== undefined) await limitRate(gate.limiter, caller.tokenId, response);
    if (!caller.scopes.includes(scope)) {
      challenge(response, `Bearer error="insufficient_scope", scope="${scope}"`);
      throw new RequestError("forbidden", "token.scope_missing", `This token lacks the scope ${scope}.`);
    }
    next();
  };
}

/**
 * Finds the holder of the request's bearer token (RFC 6750). Throws `unauthorized` only for a missing or bad token,
 * because real clients delete their stored token on it. Code and message of a bad token are those of the reference
 * implementation, which has one code for both; `WWW-Authenticate` distinguishes them.
 */
async function authenticate(
  { headers: { authorization }, ip }: Pick<Request, "headers" | "ip">,
  gate: Pick<Gate, "findCaller">,
  now: Date,
  response: Response,
): Promise<Caller> {
  const secret = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization ?? "")?.[1];
  if (secret === undefined) {
    challenge(response, "Bearer");
    const message = "No API token provided. Send it as Authorization: Bearer <token>.";
    throw new RequestError("unauthorized", "unauthorized", message);
  }
  const caller = await gate.findCaller(secret, now, ip);
  if (caller === undefined) {
    const reason = "The token is unknown, revoked or expired";
    challenge(response, `Bearer error="invalid_token", error_description="${reason}"`);
    throw new RequestError("unauthorized", "unauthorized", "Invalid API token provided.");
  }
  return caller;
}

// RFC 6750, 3.
function challenge(response: Response, value: string): void {
  response.set("WWW-Authenticate", value);
}
