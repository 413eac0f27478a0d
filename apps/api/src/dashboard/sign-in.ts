import { openRateLimiter, type RateLimiter } from "@bulk/queue/rate-limiter";
import type { Logger } from "@bulk/service/logger";
import { isPasswordOf } from "@bulk/service/password-digest";
import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { z } from "zod";
import { renderPage } from "./render-page.ts";
import type { Sessions } from "./sessions.ts";
import type { DashboardAccount, DashboardUser } from "./users.ts";

export type SignInOptions = {
  readonly accounts: readonly DashboardAccount[];
  readonly sessions: Sessions;
  readonly basePath: string;
  readonly databaseUrl: string;
  readonly logger: Logger;
};

/** Attempts of one address, good ones included. The digest alone makes each cost a tenth of a second. */
const LIMIT = { requests: 10, seconds: 60 };

/** `/login`, where one signs in and sees as whom one is, and `/logout`. */
export function serveSignIn(options: SignInOptions): Router {
  const { accounts, sessions, basePath, logger } = options;
  // Each process counts for itself: its operators have it in front of them, not all of them.
  const limiter = openRateLimiter({
    engine: { databaseUrl: options.databaseUrl, redis: undefined },
    limit: LIMIT,
    onError: (error) => logger.warn({ error }, "sign-ins are not counted"),
  });
  const router = express.Router();
  router.get("/login", async (request, response) => {
    const user = await findSignedIn(options, request, response);
    await renderPage(response, "sign-in", { basePath, user, fault: undefined });
  });
  router.post("/login", limitAttempts(limiter, basePath), readForm, async (request, response) => {
    const account = await findByPassword(accounts, request.body);
    // Not the name that was given: people type passwords there.
    if (account === undefined) {
      logger.warn({ address: request.ip }, "sign-in to the dashboard refused");
      response.status(401);
      return await renderPage(response, "sign-in", { basePath, user: undefined, fault: WRONG });
    }
    await sessions.begin(request, response, account);
    logger.info(
      { user: account.name, role: account.role, address: request.ip },
      "signed in to the dashboard",
    );
    response.redirect(303, basePath);
  });
  router.post("/logout", async (request, response) => {
    await sessions.end(request, response);
    response.redirect(303, `${basePath}/login`);
  });
  return router;
}

/** Who is signed in and still among the users, as they were then. */
export async function findSignedIn(
  { accounts, sessions }: Pick<SignInOptions, "accounts" | "sessions">,
  request: Request,
  response: Response,
): Promise<DashboardUser | undefined> {
  return await sessions.find(accounts, request, response);
}

const WRONG = "This is not the name and password of a user.";

const readForm = express.urlencoded({ extended: false, limit: "2kb", parameterLimit: 4 });

const credentials = z.object({ name: z.string(), password: z.string().min(1) });

function limitAttempts(limiter: RateLimiter, basePath: string): RequestHandler {
  return async ({ ip = "" }, response, next) => {
    const { isExceeded, resetMs } = await limiter.count(ip);
    if (!isExceeded) return next();
    const seconds = Math.ceil(resetMs / 1_000);
    response.status(429).set("Retry-After", String(seconds));
    const fault = `Too many attempts. Try again in ${seconds} s.`;
    await renderPage(response, "sign-in", { basePath, user: undefined, fault });
  };
}

// An unknown name costs as much time as a wrong password.
async function findByPassword(
  accounts: readonly DashboardAccount[],
  form: unknown,
): Promise<DashboardAccount | undefined> {
  const given = credentials.safeParse(form).data;
  if (given === undefined) return undefined;
  const account = accounts.find(({ name }) => name === given.name);
  const isRight = await isPasswordOf(account?.digest ?? NOBODYS, given.password);
  return isRight ? account : undefined;
}

const NOBODYS = `${"A".repeat(22)}.${"A".repeat(43)}`;
