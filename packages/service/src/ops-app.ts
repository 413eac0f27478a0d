import express, { type Express } from "express";
import helmet from "helmet";
import type { Readiness } from "./readiness.ts";
import { refuseForeignHosts } from "./refuse-foreign-hosts.ts";

/** What `/metrics` answers with. */
export type MetricsPage = {
  readonly contentType: string;
  metrics(): Promise<string>;
};

/**
 * What a process tells its operators, on a port of its own: `/health/live` (the process answers), `/health/ready`
 * (503 while it should get nothing to do, with the reasons) and `/metrics` (in Prometheus' text format). Whatever is
 * added answers to addresses and the names of `hosts` only.
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
