import { addPoolGauges } from "@bulk/metrics/pool-gauges";
import { createSchemaCheck } from "@bulk/migration/schema-state";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import type { WebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import { opsHosts } from "@bulk/service/config/engine-config";
import { engineDependencies } from "@bulk/service/health/engine-dependencies";
import { holdDependency } from "@bulk/service/health/hold-dependency";
import { createOpsApp } from "@bulk/service/health/ops-app";
import { createReadiness, type Readiness } from "@bulk/service/health/readiness";
import { lookAtSchema, reportSchema } from "@bulk/service/health/report-schema";
import { createHttpServer } from "@bulk/service/process/http-server";
import { closeServer, listen } from "@bulk/service/process/listen";
import type { Logger } from "@bulk/service/process/logger";
import { reportAtMostEvery } from "@bulk/service/timing/report-at-most-every";
import { listHolds } from "@bulk/store/operations/hold-action-types";
import { examineWrites } from "@bulk/store/rights/examine-writes";
import type { Registry } from "prom-client";
import type { ApiConfig } from "./config.ts";
import { serveConsole } from "./console/console.ts";
import { openConsole } from "./console/open-console.ts";
import type { ApiContext } from "./context.ts";
import { serveDashboard } from "./dashboard/dashboard.ts";
import type { MemoryBudget } from "./http/memory/memory-budget.ts";
import type { EndedSessions } from "./sign-in/ended-sessions.ts";
import { openEntrance } from "./sign-in/entrance.ts";
import { CONSOLE_PATH, DASHBOARD_PATH } from "./sign-in/paths.ts";

/** The API's open ops port. */
export type ApiOps = Pick<Readiness, "turnOff"> & {
  readonly port: number;
  close(): Promise<void>;
};

export type ApiOpsTools = {
  readonly api: ApiContext;
  readonly budget: MemoryBudget;
  readonly queue: TurnQueue;
  /** `undefined` if webhooks are off. */
  readonly webhooks: Pick<WebhookQueue, "native"> | undefined;
  readonly endedSessions: EndedSessions;
  readonly prometheus: Registry;
  readonly logger: Logger;
};

/** Opens the port for health, metrics, the console and the dashboard. Throws `PortTakenError`. */
export async function openOps(
  config: ApiConfig,
  { api, budget, queue, webhooks, endedSessions, prometheus, logger }: ApiOpsTools,
): Promise<ApiOps> {
  const { database } = api;
  addPoolGauges(prometheus, database);
  const checkSchema = reportSchema(await createSchemaCheck(database), logger);
  lookAtSchema(checkSchema);
  // The queue is not required: without it the API accepts bulk actions, which start when it is back.
  const checks = { examineDatabase: () => examineWrites(database), checkSchema, queue, needsQueue: false };
  const readiness = createReadiness([
    ...engineDependencies(checks),
    holdDependency(() => listHolds(database)),
  ]);
  const app = createOpsApp(readiness, prometheus, opsHosts(config));
  const entrance = openEntrance({ config, endedSessions, logger });
  const pages = openConsole({
    ...{ api, budget, config, turns: queue, findUser: entrance.findUser, logger },
    onError: reportAtMostEvery(
      (error, suppressed) => logger.warn({ error, suppressed }, "console trouble"),
      10_000,
    ),
  });
  app.use(CONSOLE_PATH, serveConsole(entrance, pages.context));
  app.use(DASHBOARD_PATH, serveDashboard({ database, entrance, turns: queue, webhooks, logger }));
  const server = createHttpServer({}, app);
  const { OPS_HOST: host, OPS_PORT: port } = config;
  return {
    port: await listen(server, { host, port, variable: "OPS_PORT" }),
    turnOff: readiness.turnOff,
    async close() {
      await closeServer(server, 0);
      await pages.close();
    },
  };
}
