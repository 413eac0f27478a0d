import { createServer, type Server } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { registry } from "@bulk/actions/registry";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { addPoolGauges } from "@bulk/metrics/pool-gauges";
import { createTurnNudger } from "@bulk/queue/turn-nudger";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turn-queue";
import { engineDependencies } from "@bulk/service/engine-dependencies";
import { closeServer, listen } from "@bulk/service/listen";
import type { Logger } from "@bulk/service/logger";
import { createOpsApp } from "@bulk/service/ops-app";
import { createReadiness, type Readiness } from "@bulk/service/readiness";
import type { Service } from "@bulk/service/run-service";
import { sparingly } from "@bulk/service/sparingly";
import { openBulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import { type Database, openDatabase } from "@bulk/store/database";
import { createSchemaCheck } from "@bulk/store/migration/schema-state";
import { readClock } from "@bulk/store/sweep";
import type { Express } from "express";
import { createApiMetrics } from "./api-metrics.ts";
import { API_TIMEOUTS, createApiServer } from "./api-server.ts";
import { createApp } from "./app.ts";
import type { ApiConfig } from "./config.ts";
import { addDashboard } from "./dashboard.ts";
import { openGate } from "./gate.ts";
import { rememberTokens } from "./known-tokens.ts";

/** How long a nudge may take before it is given up and left to the sweeper; meanwhile others wait behind it. */
const NUDGE_DEADLINE_MS = 250;

/** Starts the public API and the ops port. */
export async function startApi(
  config: ApiConfig,
  logger: Logger,
  timeouts = API_TIMEOUTS,
): Promise<Service & { readonly port: number; readonly opsPort: number }> {
  const tokens = rememberTokens();
  const database = openDatabase({
    url: config.DATABASE_URL,
    applicationName: "bulk-actions-api",
    poolSize: config.API_POOL_SIZE,
    lockTimeoutMs: 2_000,
    statementTimeoutMs: 15_000,
    onConnectionLost: tokens.forget,
  });
  const prometheus = createMetrics();
  addPoolGauges(prometheus, database);
  const metrics = createApiMetrics(prometheus, database);
  const queue = openTurnQueue({
    engine: { databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL },
    deadlineMs: NUDGE_DEADLINE_MS,
    onNotAdded: metrics.notEnqueued,
    onError: sparingly((error, suppressed) => logger.warn({ error, suppressed }, "queue trouble"), 10_000),
  });
  const nudger = createTurnNudger(queue, (error, turns) => {
    const bulkActionIds = [...new Set(turns.map((turn) => turn.bulkActionId))];
    logger.warn({ error, bulkActionIds }, "not enqueued; the sweeper will do it");
  });
  const watcher = openBulkActionWatcher({
    database,
    url: config.DATABASE_URL,
    onError: sparingly((error, suppressed) => logger.warn({ error, suppressed }, "watcher trouble"), 10_000),
  });
  const gate = openGate(config, database, tokens, logger);
  const app = createApp({ database, nudger, watcher, registry, logger, metrics, config }, gate);
  const server = createApiServer(app, logger, timeouts);
  const port = await listen(server, { host: config.HOST, port: config.PORT, variable: "PORT" });
  const readiness = await openReadiness(database, queue);
  const opsApp = createOpsApp(readiness, prometheus);
  addDashboard(opsApp, queue);
  const { opsServer, opsPort } = await listenForOps(config, opsApp);
  logger.info({ host: config.HOST, port, opsPort }, "api is listening");
  return {
    port,
    opsPort,
    async stop() {
      readiness.turnOff();
      logger.info({ drainMs: config.DRAIN_MS }, "api is stopping");
      // Whoever spreads the requests learns of it meanwhile, and sends no more.
      await wait(config.DRAIN_MS);
      // Whoever waits is answered now, and only then have all requests ended.
      await Promise.all([watcher.close(), closeServer(server, SHUTDOWN_MS)]);
      await closeServer(opsServer, 0);
      await nudger.settled();
      await gate.close();
      await queue.close();
      await database.$disconnect();
      logger.info("api stopped");
    },
  };
}

const SHUTDOWN_MS = 10_000;

async function openReadiness(database: Database, queue: TurnQueue): Promise<Readiness> {
  const dependencies = engineDependencies({
    askDatabase: () => readClock(database),
    checkSchema: await createSchemaCheck(database),
    askQueue: queue.isDrained,
    checkEviction: queue.examineEviction,
    // Without it bulk actions are accepted all the same, and begin when it is back.
    needsQueue: false,
  });
  return createReadiness(dependencies);
}

async function listenForOps(
  { OPS_HOST: host, OPS_PORT: port }: ApiConfig,
  app: Express,
): Promise<{ readonly opsServer: Server; readonly opsPort: number }> {
  const opsServer = createServer(app);
  return { opsServer, opsPort: await listen(opsServer, { host, port, variable: "OPS_PORT" }) };
}
