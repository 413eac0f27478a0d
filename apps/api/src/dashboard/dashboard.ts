import { fileURLToPath } from "node:url";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import type { WebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import type { Entrance } from "../sign-in/entrance.ts";
import { CONSOLE_PATH, DASHBOARD_PATH } from "../sign-in/paths.ts";
import { protectBoard } from "../sign-in/protect-pages.ts";
import { requireUser, userOf } from "../sign-in/require-user.ts";
import { refuseOtherOrigins } from "../sign-in/same-origin.ts";
import { createBoard } from "./board.ts";
import { recordQueueSwitches } from "./record-queue-switches.ts";

export type DashboardOptions = {
  readonly database: Database;
  readonly entrance: Entrance;
  readonly turns: Pick<TurnQueue, "native">;
  /** `undefined` if webhooks are off. */
  readonly webhooks: Pick<WebhookQueue, "native"> | undefined;
  readonly logger: Logger;
};

/** Serves Bull Board: a read-only one for viewers, and one in which operators may change jobs. */
export function serveDashboard({ database, entrance, turns, webhooks, logger }: DashboardOptions): Router {
  const links = [
    { text: "Console", url: CONSOLE_PATH },
    ...(entrance.hasUsers ? [{ text: "Sign out", url: `${CONSOLE_PATH}/login` }] : []),
  ];
  const boards = { turns, webhooks, basePath: DASHBOARD_PATH, links };
  const board = { viewer: createBoard(boards, "viewer"), operator: createBoard(boards, "operator") };
  const router = express.Router();
  router.use(...protectBoard, refuseOtherOrigins, entrance.handler);
  router.use(requireUser({ findUser: entrance.findUser, refuseViewer, logger }));
  // Links of earlier versions.
  router.get("/bulk-actions/:id", ({ params }, response) => {
    response.redirect(301, `${CONSOLE_PATH}/bulk-actions/${encodeURIComponent(params.id)}`);
  });
  // A patch adds it to Bull Board's page.
  router.get("/board.css", (_request, response) => response.sendFile(STYLESHEET));
  router.use(recordQueueSwitches(database));
  router.use((request, response, next) => board[userOf(response).role](request, response, next));
  router.use(respondNotFound, respondUnavailable(logger));
  return router;
}

const STYLESHEET = fileURLToPath(new URL("board.css", import.meta.url));

function refuseViewer(_request: Request, response: Response): void {
  response.status(403).json({ error: "Viewers have read-only access. This requires the role operator." });
}

const respondNotFound: RequestHandler = (_request, response) => {
  response.status(404).type("text").send("Not found.\n");
};

// Express recognizes an error handler by its four parameters. Its default handler would show the stack.
function respondUnavailable(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    logger.warn({ error }, "dashboard request failed");
    response.status(503).type("text").send("This page is unavailable. See the API's log.\n");
  };
}
