import type { Logger } from "@bulk/service/process/logger";
import type { Request, RequestHandler, Response } from "express";
import { PageError } from "./page-error.ts";
import { CONSOLE_PATH } from "./paths.ts";
import { isReading } from "./same-origin.ts";
import type { DashboardUser } from "./users.ts";

export type RequireUserOptions = {
  readonly findUser: (request: Request, response: Response) => Promise<DashboardUser | undefined>;
  /** Responds to a change that a viewer asks for. */
  readonly refuseViewer: (request: Request, response: Response) => void | Promise<void>;
  readonly logger: Logger;
};

/**
 * Lets only signed-in users pass, and only operators with a method that changes something: decided by the method, so
 * that every new route is covered. `userOf` returns the user afterwards. Logs each change with its user.
 */
export function requireUser({ findUser, refuseViewer, logger }: RequireUserOptions): RequestHandler {
  return async (request, response, next) => {
    const user = await findUser(request, response);
    // Whoever left meanwhile is waited for by nobody, and "close" is not emitted again for those who would clean up then.
    if (response.destroyed) return;
    if (user === undefined) return askToSignIn(request, response);
    response.locals["user"] = user;
    logChange(user, request, response, logger);
    if (!isReading(request.method) && user.role !== "operator") return await refuseViewer(request, response);
    next();
  };
}

/** Returns the signed-in user of a response that `requireUser` let pass. */
export function userOf({ locals }: Pick<Response, "locals">): DashboardUser {
  const user: DashboardUser | undefined = locals["user"];
  if (user === undefined) throw new Error("This page is not behind the sign-in.");
  return user;
}

/** Returns why a viewer may not do it. */
export function whyNotViewers({ locals }: Pick<Response, "locals">): string {
  return locals["hasUsers"] === false ? NO_USERS : ONLY_OPERATORS;
}

const ONLY_OPERATORS = "Viewers may look and change nothing. This needs the role operator.";

/** What everybody is told where there are no users. */
export const NO_USERS =
  "Nobody can change anything here until DASHBOARD_USERS names an operator: pnpm admin dashboard-password NAME --role operator";

/** Refuses viewers a page that leads to a change. Throws `PageError`. */
export const requireOperator: RequestHandler = (_request, response, next) => {
  if (userOf(response).role === "operator") next();
  else throw new PageError(403, whyNotViewers(response));
};

function askToSignIn(request: Request, response: Response): void {
  const login = `${CONSOLE_PATH}/login`;
  if (request.accepts("json", "html") !== "html") {
    response.status(401).json({ error: `Your session has ended. Sign in at ${login}.` });
    return;
  }
  const to = isReading(request.method) ? `?to=${encodeURIComponent(request.originalUrl)}` : "";
  response.redirect(303, login + to);
}

function logChange(
  user: DashboardUser,
  { method, originalUrl }: Request,
  response: Response,
  logger: Logger,
): void {
  if (isReading(method)) return;
  response.once("finish", () => {
    const status = response.statusCode;
    const path = originalUrl.split("?", 1)[0];
    const requestId: unknown = response.locals["requestId"];
    logger.info({ user: user.name, role: user.role, method, path, status, requestId }, "dashboard action");
  });
}
