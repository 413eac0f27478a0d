import type { TurnQueue } from "@bulk/queue/turn-queue";
import type { WebhookQueue } from "@bulk/queue/webhook-queue";
import type { Logger } from "@bulk/service/logger";
import type { Database } from "@bulk/store/database";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { showBulkAction } from "./dashboard/action-page.ts";
import { createBoard } from "./dashboard/board.ts";
import { type Entrance, type EntranceOptions, openEntrance } from "./dashboard/entrance.ts";
import { protectPages } from "./dashboard/protect-pages.ts";
import { isReading, refuseOtherOrigins } from "./dashboard/same-origin.ts";
import type { DashboardUser } from "./dashboard/users.ts";

const BASE_PATH = "/dashboard";

export type DashboardOptions = Omit<EntranceOptions, "basePath"> & {
  readonly database: Database;
  readonly turns: TurnQueue;
  /** Where there are webhooks. */
  readonly webhooks: Pick<WebhookQueue, "native"> | undefined;
};

/**
 * Adds the dashboard to the ops app. With `DASHBOARD_USERS` it has a login, and operators may act on turns; without,
 * it is to look at only and on loopback only: elsewhere it is off, which the log and its page say.
 */
export function addDashboard(app: Express, options: DashboardOptions): void {
  const entrance = openEntrance({ ...options, basePath: BASE_PATH });
  const pages = servePages(entrance, options);
  const errors = sayThatItFailed(options.logger);
  app.use(BASE_PATH, ...protectPages, refuseOtherOrigins, entrance.handler, pages, sayWhatIsMissing, errors);
}

function servePages(
  { findUser, links }: Entrance,
  { database, turns, webhooks, logger }: DashboardOptions,
): RequestHandler {
  const boards = { turns, webhooks, basePath: BASE_PATH, links };
  const board = { viewer: createBoard(boards, "viewer"), operator: createBoard(boards, "operator") };
  const pages = express.Router();
  pages.get("/bulk-actions/:id", showBulkAction({ database, turns, basePath: BASE_PATH }));
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
  else response.status(401).json({ error: `You are not signed in, or not any more: ${BASE_PATH}/login` });
}

// By the method, not by what Bull Board has: a route that comes with its next version is refused as well.
function refuseViewer(response: Response): void {
  response.status(403).json({ error: "A viewer may look only: this is for operators." });
}

function logChange(user: DashboardUser, { method, path }: Request, response: Response, logger: Logger): void {
  if (isReading(method)) return;
  response.once("finish", () => {
    const status = response.statusCode;
    logger.info({ user: user.name, role: user.role, method, path, status }, "dashboard action");
  });
}

const sayWhatIsMissing: RequestHandler = (_request, response) => {
  response.status(404).type("text").send("There is nothing here. What was here may have been pruned.\n");
};

// Express knows an error handler by its four parameters; its own would show the stack.
function sayThatItFailed(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    logger.warn({ error }, "dashboard trouble");
    response.status(503).type("text").send("This cannot be shown now; the log says why.\n");
  };
}
