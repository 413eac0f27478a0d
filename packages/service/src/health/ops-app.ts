import express, { type Express } from "express";
import helmet from "helmet";
import type { Readiness } from "./readiness.ts";
import { refuseForeignHosts } from "./refuse-foreign-hosts.ts";

/** The content of `/metrics`. */
export type MetricsPage = {
  readonly contentType: string;
  metrics(): Promise<string>;
};

/**
 * Creates the app of the ops port: `/health/live` (the process responds), `/health/ready` (503 with the reasons while
 * the process should get no work) and `/metrics` (Prometheus text format). It accepts requests to IP addresses and to
 * the names in `hosts` only.
 */
export function createOpsApp(readiness: Readiness, page: MetricsPage, hosts: readonly string[]): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(helmet(), refuseForeignHosts(hosts));
  app.get("/health/live", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/health/ready", async (_request, response) => {
    const report = await readiness.report();
    const isReady = report.status === "ok" || report.status === "degraded";
    response.status(isReady ? 200 : 503).json(report);
  });
  app.get("/metrics", async (_request, response) => {
    response.type(page.contentType).send(await page.metrics());
  });
  return app;
}
