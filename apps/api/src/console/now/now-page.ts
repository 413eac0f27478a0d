import express, { type Router } from "express";
import { userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { describeRows } from "../list/describe-row.ts";
import type { LiveSource } from "../live/live-views.ts";
import { streamPage } from "../live/stream-page.ts";
import { renderPage, renderParts } from "../render/render-page.ts";
import { judgeNow } from "./judge.ts";
import { MINUTES, type NowView } from "./read-now.ts";

/** Serves the console's first page: whether everything is well, and what happens. */
export function serveNow(context: ConsoleContext): Router {
  const source: LiveSource<NowContent> = {
    key: "now",
    load: async () => describeNow(await context.now.read(), context),
    render: (content, role) => renderParts("now", PARTS, { ...content, role }),
  };
  const router = express.Router();
  router.get("/", async (_request, response) => {
    const content = await describeNow(await context.now.read(), context);
    await renderPage(response, "now", { parts: await source.render(content, userOf(response).role) });
  });
  router.get("/live", (request, response) => streamPage(source, request, response, context));
  return router;
}

type NowContent = Awaited<ReturnType<typeof describeNow>>;

async function describeNow(view: NowView, { database, api }: ConsoleContext) {
  return {
    ...view,
    notices: judgeNow(view),
    rows: await describeRows(view.open, { database, api }),
    hour: fillHour(view),
    recordsPerSecond: view.workers.reduce((sum, { recordsPerSecond }) => sum + recordsPerSecond, 0),
    openCount: view.work.running + view.work.waiting + view.work.paused + view.work.canceling,
  };
}

// Minutes without work have no row.
function fillHour({ rates, at }: NowView): { readonly from: Date; readonly perSecond: readonly number[] } {
  const last = Math.floor(at.getTime() / MINUTE_MS);
  // Workers write every few seconds, so of the first seconds of a minute too little is known.
  const passedSeconds = Math.max(10, (at.getTime() % MINUTE_MS) / 1_000);
  const counts = new Map(
    rates.map(({ minute, applied, skipped, failed }) => [
      Math.floor(minute.getTime() / MINUTE_MS),
      applied + skipped + failed,
    ]),
  );
  const minutes = Array.from({ length: MINUTES }, (_, index) => last - MINUTES + 1 + index);
  return {
    from: new Date((last - MINUTES + 1) * MINUTE_MS),
    perSecond: minutes.map((minute) => (counts.get(minute) ?? 0) / (minute === last ? passedSeconds : 60)),
  };
}

const MINUTE_MS = 60_000;

const PARTS = ["well", "figures", "hour", "open", "workers"];
