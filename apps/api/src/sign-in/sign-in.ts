import { countInWindow, type WindowCounter } from "@bulk/service/limits/count-in-window";
import { isPasswordOf } from "@bulk/service/password-digest";
import type { Logger } from "@bulk/service/process/logger";
import express, { type RequestHandler, type Router } from "express";
import { z } from "zod";
import { renderPage } from "../console/render/render-page.ts";
import { CONSOLE_PATH, DASHBOARD_PATH } from "./paths.ts";
import type { Sessions } from "./sessions.ts";
import type { DashboardAccount } from "./users.ts";

export type SignInOptions = {
  readonly accounts: readonly DashboardAccount[];
  readonly sessions: Sessions;
  readonly logger: Logger;
};

/** Attempts of one address, successful ones included. The digest alone makes each cost a tenth of a second. */
const LIMIT = { most: 10, seconds: 60 };

/** Serves `/login`, which also shows the signed-in user, and `/logout`. */
export function serveSignIn({ accounts, sessions, logger }: SignInOptions): Router {
  // Counted by this process alone: an operator signs in to one process.
  const attempts = countInWindow(LIMIT);
  const router = express.Router();
  router.get("/login", async (request, response) => {
    const user = await sessions.find(accounts, request, response);
    const to = ownPage(new URL(request.originalUrl, "http://localhost").searchParams.get("to"));
    await renderPage(response, "sign-in", { user, to, fault: undefined });
  });
  router.post("/login", limitAttempts(attempts), readForm, async (request, response) => {
    const { to } = destination.parse(request.body ?? {});
    const account = await findByPassword(accounts, request.body);
    // The entered name is not logged: people sometimes type their password there.
    if (account === undefined) {
      logger.warn({ address: request.ip }, "dashboard sign-in refused");
      response.status(401);
      return await renderPage(response, "sign-in", { user: undefined, to: ownPage(to), fault: WRONG });
    }
    await sessions.begin(request, response, account);
    logger.info({ user: account.name, role: account.role, address: request.ip }, "dashboard sign-in");
    response.redirect(303, ownPage(to));
  });
  router.post("/logout", async (request, response) => {
    await sessions.end(request, response);
    response.redirect(303, `${CONSOLE_PATH}/login`);
  });
  return router;
}

const WRONG = "Wrong name or password.";

const readForm = express.urlencoded({ extended: false, limit: "4kb", parameterLimit: 6 });

const credentials = z.object({ name: z.string(), password: z.string().min(1) });

const destination = z.object({ to: z.string().catch("") }).partial();

/** Returns the page to show after the sign-in: the one that was asked for if it is ours, otherwise the console's first. */
function ownPage(to: string | null | undefined): string {
  const pattern = new RegExp(`^(${CONSOLE_PATH}|${DASHBOARD_PATH})(?:[/?][\\w./?&=%:@,+-]{0,1000})?$`);
  return to && pattern.test(to) && !to.includes("/login") ? to : CONSOLE_PATH;
}

function limitAttempts(attempts: WindowCounter): RequestHandler {
  return async ({ ip = "" }, response, next) => {
    const { isExceeded, resetMs } = attempts.count(ip);
    if (!isExceeded) return next();
    const seconds = Math.ceil(resetMs / 1_000);
    response.status(429).set("Retry-After", String(seconds));
    const fault = `Too many attempts. Try again in ${seconds} s.`;
    await renderPage(response, "sign-in", { user: undefined, to: CONSOLE_PATH, fault });
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
