import { createServer, type Server } from "node:http";
import { registry } from "@bulk/actions/registry";
import { createTurnNudger } from "@bulk/queue/turn-nudger";
import { openTurnQueue } from "@bulk/queue/turn-queue";
import { openWebhookQueue } from "@bulk/queue/webhook-queue";
import { closeServer, listen } from "@bulk/service/listen";
import type { Logger } from "@bulk/service/logger";
import { createOpsApp } from "@bulk/service/ops-app";
import type { Service } from "@bulk/service/run-service";
import { sparingly } from "@bulk/service/sparingly";
import { openBulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import { openDatabase } from "@bulk/store/database";
import { readClock } from "@bulk/store/sweep";
import { API_TIMEOUTS, createApiServer } from "./api-server.ts";
import { createApp } from "./app.ts";
import type { ApiConfig } from "./config.ts";
import { addDashboard, type DashboardOptions } from "./dashboard.ts";
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
  const queueOptions = {
    engine: { databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL },
    deadlineMs: NUDGE_DEADLINE_MS,
    onError: sparingly((error, suppressed) => logger.warn({ error, suppressed }, "queue trouble"), 10_000),
  };
  const queue = openTurnQueue(queueOptions);
  // To be seen on the dashboard: the API puts nothing into it.
  const webhooks = config.WEBHOOK_SECRET_KEY === undefined ? undefined : openWebhookQueue(queueOptions);
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
  const app = createApp({ database, nudger, watcher, registry, logger, config }, gate);
  const server = createApiServer(app, logger, timeouts);
  const port = await listen(server, { host: config.HOST, port: config.PORT, variable: "PORT" });
  const { opsServer, opsPort } = await listenForOps({ config, database, turns: queue, webhooks, logger });
  logger.info({ host: config.HOST, port, opsPort }, "api is listening");
  return {
    port,
    opsPort,
    async stop() {
      logger.info("api is stopping");
      // Whoever waits is answered now, and only then have all requests ended.
      await Promise.all([watcher.close(), closeServer(server, SHUTDOWN_MS)]);
      await closeServer(opsServer, 0);
      await nudger.settled();
      await gate.close();
      await Promise.all([queue.close(), webhooks?.close()]);
      await database.$disconnect();
      logger.info("api stopped");
    },
  };
}

const SHUTDOWN_MS = 10_000;

async function listenForOps(
  options: DashboardOptions & { readonly config: ApiConfig },
): Promise<{ readonly opsServer: Server; readonly opsPort: number }> {
  const { config, database } = options;
  const app = createOpsApp([{ name: "database", check: () => readClock(database) }]);
  addDashboard(app, options);
  const opsServer = createServer(app);
  const opsPort = await listen(opsServer, {
    host: config.OPS_HOST,
    port: config.OPS_PORT,
    variable: "OPS_PORT",
  });
  return { opsServer, opsPort };
}
