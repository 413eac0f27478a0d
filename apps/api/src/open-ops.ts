import { addPoolGauges } from "@bulk/metrics/pool-gauges";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import type { WebhookQueue } from "@bulk/queue/webhook-queue";
import { opsHosts } from "@bulk/service/engine-config";
import { engineDependencies } from "@bulk/service/engine-dependencies";
import { createHttpServer } from "@bulk/service/http-server";
import { closeServer, listen } from "@bulk/service/listen";
import type { Logger } from "@bulk/service/logger";
import { createOpsApp } from "@bulk/service/ops-app";
import { createReadiness, type Readiness } from "@bulk/service/readiness";
import { lookAtSchema, reportSchema } from "@bulk/service/report-schema";
import type { Database } from "@bulk/store/database";
import { examineWrites } from "@bulk/store/examine-writes";
import { createSchemaCheck } from "@bulk/store/migration/schema-state";
import type { Registry } from "prom-client";
import type { ApiConfig } from "./config.ts";
import type { EndedSessions } from "./dashboard/ended-sessions.ts";
import { addDashboard } from "./dashboard.ts";

/** The API's own port. */
export type ApiOps = Pick<Readiness, "turnOff"> & {
  readonly port: number;
  close(): Promise<void>;
};

export type ApiOpsTools = {
  readonly database: Database;
  readonly queue: TurnQueue;
  /** Where there are webhooks. */
  readonly webhooks: Pick<WebhookQueue, "native"> | undefined;
  readonly endedSessions: EndedSessions;
  readonly prometheus: Registry;
  readonly logger: Logger;
};

/** Opens the port for health, metrics and the dashboard. Throws `PortTakenError`. */
export async function openOps(
  config: ApiConfig,
  { database, queue, webhooks, endedSessions, prometheus, logger }: ApiOpsTools,
): Promise<ApiOps> {
  addPoolGauges(prometheus, database);
  const checkSchema = reportSchema(await createSchemaCheck(database), logger);
  lookAtSchema(checkSchema);
  // Without the queue bulk actions are accepted all the same, and begin when it is back.
  const checks = { examineDatabase: () => examineWrites(database), checkSchema, queue, needsQueue: false };
  const readiness = createReadiness(engineDependencies(checks));
  const app = createOpsApp(readiness, prometheus, opsHosts(config));
  addDashboard(app, { config, database, turns: queue, webhooks, endedSessions, logger });
  const server = createHttpServer({}, app);
  const { OPS_HOST: host, OPS_PORT: port } = config;
  return {
    port: await listen(server, { host, port, variable: "OPS_PORT" }),
    turnOff: readiness.turnOff,
    close: () => closeServer(server, 0),
  };
}
