import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import type { WebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { showBulkAction } from "./action-page.ts";
import { createBoard } from "./board.ts";
import { type Entrance, type EntranceOptions, openEntrance } from "./sign-in/entrance.ts";
import { protectPages } from "./sign-in/protect-pages.ts";
import { isReading, refuseOtherOrigins } from "./sign-in/same-origin.ts";
import type { DashboardUser } from "./sign-in/users.ts";

const BASE_PATH = "/dashboard";

export type DashboardOptions = Omit<EntranceOptions, "basePath"> & {
  readonly database: Database;
  readonly turns: TurnQueue;
  /** The words for applied records, by action type. */
  readonly effects: RecordEffects;
  /** `undefined` if webhooks are off. */
  readonly webhooks: Pick<WebhookQueue, "native"> | undefined;
};

/**
 * Adds the dashboard to the ops app. With `DASHBOARD_USERS` it has a login, and operators may change jobs. Without, it
 * is read-only and available on loopback only; on any other address it is off, and the log and its page say so.
 */
export function addDashboard(app: Express, options: DashboardOptions): void {
  const entrance = openEntrance({ ...options, basePath: BASE_PATH });
  const pages = servePages(entrance, options);
  const errors = respondUnavailable(options.logger);
  app.use(BASE_PATH, ...protectPages, refuseOtherOrigins, entrance.handler, pages, respondNotFound, errors);
}

function servePages(
  { findUser, links }: Entrance,
  { database, turns, effects, webhooks, logger }: DashboardOptions,
): RequestHandler {
  const boards = { turns, webhooks, basePath: BASE_PATH, links };
  const board = { viewer: createBoard(boards, "viewer"), operator: createBoard(boards, "operator") };
  const pages = express.Router();
  pages.get("/bulk-actions/:id", showBulkAction({ database, turns, effects, basePath: BASE_PATH }));
  return async (request, response, next) => {
    const user = await findUser(request, response);
    if (user === undefined) return askToSignIn(request, response);
    logChange(user, request, response, logger);
    if (!isReading(request.method) && user.role !== "operator") return refuseViewer(response);
    pages(request, response, (error?: unknown) => {
      if (error === undefined) board[user.role](request, response, next);
      else next(error);
    });
  };
}

function askToSignIn(request: Request, response: Response): void {
  if (request.accepts("json", "html") === "html") response.redirect(303, `${BASE_PATH}/login`);
  else response.status(401).json({ error: `Your session has ended. Sign in at ${BASE_PATH}/login.` });
}

// Decided by the method, so that new routes of Bull Board are refused as well.
function refuseViewer(response: Response): void {
  response.status(403).json({ error: "Viewers have read-only access. This requires the role operator." });
}

function logChange(user: DashboardUser, { method, path }: Request, response: Response, logger: Logger): void {
  if (isReading(method)) return;
  response.once("finish", () => {
    const status = response.statusCode;
    logger.info({ user: user.name, role: user.role, method, path, status }, "dashboard action");
  });
}

const respondNotFound: RequestHandler = (_request, response) => {
  response.status(404).type("text").send("Not found. The bulk action may have been pruned.\n");
};

// Express recognizes an error handler by its four parameters. Its default handler would show the stack.
function respondUnavailable(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    logger.warn({ error }, "dashboard request failed");
    response.status(503).type("text").send("This page is unavailable. See the API's log.\n");
  };
}
