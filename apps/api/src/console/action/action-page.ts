import express, { type Router } from "express";
import { userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import type { LiveSource } from "../live/live-views.ts";
import { streamPage } from "../live/stream-page.ts";
import { renderPage, renderParts } from "../render/render-page.ts";
import { type ActionContent, describeAction } from "./describe-action.ts";

/** Serves the page of one bulk action, and what changes on it while it is open. */
export function serveAction(context: ConsoleContext): Router {
  const router = express.Router();
  router.get("/bulk-actions/:id", async ({ params: { id } }, response, next) => {
    const source = actionSource(id, context);
    const content = await source.load();
    if (content === undefined) return next();
    const { role } = userOf(response);
    const parts = await source.render(content, role);
    await renderPage(response, "bulk-action", { ...content, parts });
  });
  router.get("/bulk-actions/:id/live", async (request, response, next) => {
    const source = actionSource(request.params.id, context);
    if ((await source.load()) === undefined) return next();
    streamPage(source, request, response, context);
  });
  return router;
}

function actionSource(id: string, context: ConsoleContext): LiveSource<ActionContent> {
  return {
    key: `bulk action ${id}`,
    async load() {
      const view = await context.actions.read(id);
      return view && describeAction(view, context);
    },
    render: (content, role) => renderParts("action", PARTS, { ...content, role }),
  };
}

/** The parts of the page that change while it is open. */
const PARTS = ["notices", "progress", "buttons", "outcomes", "speed", "timeline", "trouble", "deliveries"];
