import { randomUUID } from "node:crypto";
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import { errorResponse } from "../http/error-body.ts";
import type { Entrance } from "../sign-in/entrance.ts";
import { PageError } from "../sign-in/page-error.ts";
import { protectConsole } from "../sign-in/protect-pages.ts";
import { requireUser, whyNotViewers } from "../sign-in/require-user.ts";
import { refuseOtherOrigins } from "../sign-in/same-origin.ts";
import { serveAction } from "./action/action-page.ts";
import { serveChanges } from "./changes/change-pages.ts";
import { serveJournal } from "./changes/journal-page.ts";
import { serveRedeliver } from "./changes/redeliver.ts";
import { serveSwitches } from "./changes/switch-pages.ts";
import type { ConsoleContext } from "./context.ts";
import { serveFind } from "./find/find-page.ts";
import { serveList } from "./list/list-page.ts";
import { serveNew } from "./new/new-page.ts";
import { serveNow } from "./now/now-page.ts";
import { serveRecords } from "./records/records-page.ts";
import { serveAssets } from "./render/assets.ts";
import { renderPage } from "./render/render-page.ts";
import { serveSettings } from "./settings/settings-pages.ts";

/** Serves the operators' console: pages about bulk actions, under the same sign-in as Bull Board. */
export function serveConsole(entrance: Entrance, context: ConsoleContext): Router {
  const { logger } = context;
  const router = express.Router();
  router.use(...protectConsole, nameRequest, serveAssets(), refuseOtherOrigins, entrance.handler);
  router.use(rememberUsers(entrance), requireUser({ findUser: entrance.findUser, refuseViewer, logger }));
  router.use(serveNow(context), serveList(context), serveAction(context), serveRecords(context));
  router.use(serveNew(context), serveChanges(context), serveSwitches(context), serveRedeliver(context));
  router.use(serveJournal(context), serveFind(context), serveSettings(context));
  router.use(respondNotFound, showError(context));
  return router;
}

// Errors show it, and the log has it.
const nameRequest: RequestHandler = (_request, response, next) => {
  response.locals["requestId"] = randomUUID();
  response.set("Request-Id", response.locals["requestId"]);
  next();
};

// For the menu, and for what viewers are told.
function rememberUsers({ hasUsers }: Entrance): RequestHandler {
  return (_request, response, next) => {
    response.locals["hasUsers"] = hasUsers;
    next();
  };
}

function refuseViewer(_request: Request, response: Response): never {
  throw new PageError(403, whyNotViewers(response));
}

const respondNotFound: RequestHandler = () => {
  throw new PageError(404, "There is no such page. A bulk action may have been pruned.");
};

// Express recognizes an error handler by its four parameters. Its default handler would show the stack.
function showError({ logger }: Pick<ConsoleContext, "logger">): ErrorRequestHandler {
  return async (error: unknown, request, response, _next) => {
    const { status, headers, message, faults } = describe(error);
    const requestId: unknown = response.locals["requestId"];
    if (status >= 500) logger.warn({ error, requestId }, "console request failed");
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.status(status).set(headers);
    if (request.accepts("html", "json") === "html") {
      const bulkActionId = /^\/bulk-actions\/([^/]+)\/./.exec(request.path)?.[1];
      await renderPage(response, "error", { status, message, faults, requestId, bulkActionId });
    } else response.json({ error: message, faults, requestId });
  };
}

// The refusals of the API say what its callers read.
function describe(error: unknown) {
  if (error instanceof PageError) {
    return { status: error.status, headers: {}, message: error.message, faults: [] };
  }
  const { status, headers, body } = errorResponse(error);
  if (status === 500 && isUnreadableForm(error)) {
    const message = "The form cannot be read: it is too large, incomplete or not encoded as a form.";
    return { status: error.status, headers: {}, message, faults: [] };
  }
  return {
    status,
    headers,
    message: body.message,
    faults: body.validation_errors.map(({ message }) => message),
  };
}

// Express throws this for a body over its limit, one that breaks off, and an unknown encoding.
function isUnreadableForm(error: unknown): error is Error & { readonly status: number } {
  const status: unknown = error instanceof Error ? Reflect.get(error, "status") : undefined;
  return typeof status === "number" && status >= 400 && status < 500;
}
