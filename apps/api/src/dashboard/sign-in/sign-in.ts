import { countInWindow, type WindowCounter } from "@bulk/service/limits/count-in-window";
import { isPasswordOf } from "@bulk/service/password-digest";
import type { Logger } from "@bulk/service/process/logger";
import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { z } from "zod";
import { renderPage } from "../render-page.ts";
import type { Sessions } from "./sessions.ts";
import type { DashboardAccount, DashboardUser } from "./users.ts";

export type SignInOptions = {
  readonly accounts: readonly DashboardAccount[];
  readonly sessions: Sessions;
  readonly basePath: string;
  readonly logger: Logger;
};

/** Attempts of one address, successful ones included. The digest alone makes each cost a tenth of a second. */
const LIMIT = { most: 10, seconds: 60 };

/** Serves `/login`, which also shows the signed-in user, and `/logout`. */
export function serveSignIn(options: SignInOptions): Router {
  const { accounts, sessions, basePath, logger } = options;
  // Counted by this process alone: an operator signs in to one process.
  const attempts = countInWindow(LIMIT);
  const router = express.Router();
  router.get("/login", async (request, response) => {
    const user = await findSignedIn(options, request, response);
    await renderPage(response, "sign-in", { basePath, user, fault: undefined });
  });
  router.post("/login", limitAttempts(attempts, basePath), readForm, async (request, response) => {
    const account = await findByPassword(accounts, request.body);
    // The entered name is not logged: people sometimes type their password there.
    if (account === undefined) {
      logger.warn({ address: request.ip }, "dashboard sign-in refused");
      response.status(401);
      return await renderPage(response, "sign-in", { basePath, user: undefined, fault: WRONG });
    }
    await sessions.begin(request, response, account);
    logger.info({ user: account.name, role: account.role, address: request.ip }, "dashboard sign-in");
    response.redirect(303, basePath);
  });
  router.post("/logout", async (request, response) => {
    await sessions.end(request, response);
    response.redirect(303, `${basePath}/login`);
  });
  return router;
}

/** Returns the signed-in user, or `undefined` if the session has ended or the user has changed. */
export async function findSignedIn(
  { accounts, sessions }: Pick<SignInOptions, "accounts" | "sessions">,
  request: Request,
  response: Response,
): Promise<DashboardUser | undefined> {
  return await sessions.find(accounts, request, response);
}

const WRONG = "Wrong name or password.";

const readForm = express.urlencoded({ extended: false, limit: "2kb", parameterLimit: 4 });

const credentials = z.object({ name: z.string(), password: z.string().min(1) });

function limitAttempts(attempts: WindowCounter, basePath: string): RequestHandler {
  return async ({ ip = "" }, response, next) => {
    const { isExceeded, resetMs } = attempts.count(ip);
    if (!isExceeded) return next();
    const seconds = Math.ceil(resetMs / 1_000);
    response.status(429).set("Retry-After", String(seconds));
    const fault = `Too many attempts. Try again in ${seconds} s.`;
    await renderPage(response, "sign-in", { basePath, user: undefined, fault });
  };
}

// An unknown name takes as long as a wrong password.
async function findByPassword(
  accounts: readonly DashboardAccount[],
  form: unknown,
): Promise<DashboardAccount | undefined> {
  const given = credentials.safeParse(form).data;
  if (given === undefined) return undefined;
  const account = accounts.find(({ name }) => name === given.name);
  const isRight = await isPasswordOf(account?.digest ?? UNKNOWN_DIGEST, given.password);
  return isRight ? account : undefined;
}

const UNKNOWN_DIGEST = `${"A".repeat(22)}.${"A".repeat(43)}`;
