import { setTimeout as wait } from "node:timers/promises";
import { registry } from "@bulk/actions/registry";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { queueEngine } from "@bulk/queue/engine";
import { createTurnNudger, type TurnNudger } from "@bulk/queue/turn-nudger";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turn-queue";
import { openWebhookQueue } from "@bulk/queue/webhook-queue";
import { closeServer, listen } from "@bulk/service/listen";
import type { Logger } from "@bulk/service/logger";
import type { Service } from "@bulk/service/run-service";
import { sparingly } from "@bulk/service/sparingly";
import { openBulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import { tellOfChange } from "@bulk/store/change-channel";
import { type Database, openDatabase } from "@bulk/store/database";
import { createApiMetrics } from "./api-metrics.ts";
import { API_TIMEOUTS, createApiServer } from "./api-server.ts";
import { createApp } from "./app.ts";
import type { ApiConfig } from "./config.ts";
import { rememberEndedSessions } from "./dashboard/ended-sessions.ts";
import { openGate } from "./gate.ts";
import { rememberTokens } from "./known-tokens.ts";
import { openOps } from "./open-ops.ts";

/** How long a nudge may take before it is given up and left to the sweeper; meanwhile others wait behind it. */
const NUDGE_DEADLINE_MS = 250;

/** Starts the public API and the ops port. */
export async function startApi(
  config: ApiConfig,
  logger: Logger,
  timeouts = API_TIMEOUTS,
): Promise<Service & { readonly port: number; readonly opsPort: number }> {
  const database = openApiDatabase(config, () => tokens.forget());
  const tokens = rememberTokens(database);
  const prometheus = createMetrics();
  const metrics = createApiMetrics(prometheus, database);
  const queueOptions = {
    engine: queueEngine(config),
    deadlineMs: NUDGE_DEADLINE_MS,
    onError: sparingly((error, suppressed) => logger.warn({ error, suppressed }, "queue trouble"), 10_000),
  };
  const queue = openTurnQueue({ ...queueOptions, onNotAdded: metrics.notEnqueued });
  // To be seen on the dashboard: the API puts nothing into it.
  const webhooks = config.WEBHOOK_SECRET_KEY === undefined ? undefined : openWebhookQueue(queueOptions);
  const nudger = openNudger(queue, logger);
  const endedSessions = rememberEndedSessions((message) => void tellOfChange(database, message));
  const watcher = openBulkActionWatcher({
    database,
    url: config.DATABASE_URL,
    onChange: endedSessions.hear,
    onError: sparingly((error, suppressed) => logger.warn({ error, suppressed }, "watcher trouble"), 10_000),
  });
  const gate = openGate(config, database, tokens, logger, timeouts);
  const app = createApp({ database, nudger, watcher, registry, logger, metrics, config, timeouts }, gate);
  const server = createApiServer(app, logger, timeouts);
  const port = await listen(server, { host: config.HOST, port: config.PORT, variable: "PORT" });
  const ops = await openOps(config, { database, queue, webhooks, endedSessions, prometheus, logger });
  logger.info({ host: config.HOST, port, opsPort: ops.port }, "api is listening");
  return {
    port,
    opsPort: ops.port,
    async stop() {
      ops.turnOff();
      logger.info({ drainMs: config.DRAIN_MS }, "api is stopping");
      // Whoever spreads the requests learns of it meanwhile, and sends no more.
      await wait(config.DRAIN_MS);
      // Whoever waits is answered now, and only then have all requests ended.
      await Promise.all([watcher.close(), closeServer(server, SHUTDOWN_MS)]);
      await ops.close();
      await nudger.settled();
      await gate.close();
      await Promise.all([queue.close(), webhooks?.close()]);
      await database.$disconnect();
      logger.info("api stopped");
    },
  };
}

const SHUTDOWN_MS = 10_000;

function openApiDatabase(config: ApiConfig, onConnectionLost: () => void): Database {
  return openDatabase({
    url: config.DATABASE_URL,
    applicationName: "bulk-actions-api",
    poolSize: config.API_POOL_SIZE,
    lockTimeoutMs: 2_000,
    // Callers are answered within ten seconds, two of which the driver waits longer than this. A create of 100,000 ids
    // took 0.2 to 0.6 s on a busy machine with two cores, one of a million 2.5 s.
    statementTimeoutMs: 7_000,
    onConnectionLost,
  });
}

function openNudger(queue: TurnQueue, logger: Logger): TurnNudger {
  return createTurnNudger(queue, (error, turns) => {
    const bulkActionIds = [...new Set(turns.map((turn) => turn.bulkActionId))];
    logger.warn({ error, bulkActionIds }, "not enqueued; the sweeper will do it");
  });
}
