import { setTimeout as wait } from "node:timers/promises";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { queueEngine } from "@bulk/queue/engines/engine";
import { createTurnNudger, type TurnNudger } from "@bulk/queue/turns/turn-nudger";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turns/turn-queue";
import { openWebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import { openRecords } from "@bulk/records/open-records";
import { closeServer, listen } from "@bulk/service/process/listen";
import type { Logger } from "@bulk/service/process/logger";
import type { Service } from "@bulk/service/process/run-service";
import { reportAtMostEvery } from "@bulk/service/timing/report-at-most-every";
import { type Database, openDatabase } from "@bulk/store/database";
import { openBulkActionWatcher } from "@bulk/store/watching/bulk-action-watcher";
import { notifyChanged } from "@bulk/store/watching/change-channel";
import { openGate } from "./auth/gate.ts";
import { rememberTokens } from "./auth/known-tokens.ts";
import { type ApiConfig, UPLOADS_AT_ONCE } from "./config.ts";
import { createApp } from "./http/app.ts";
import { createOneAtATime } from "./http/bodies/one-at-a-time.ts";
import { type ApiMetrics, createApiMetrics } from "./http/observability/api-metrics.ts";
import { API_TIMEOUTS, createApiServer } from "./http/server/api-server.ts";
import { openOps } from "./open-ops.ts";
import { rememberEndedSessions } from "./sign-in/ended-sessions.ts";

/** How long a nudge may take before it is left to the sweeper. Later nudges wait for it. */
const NUDGE_DEADLINE_MS = 250;

/** Starts the public API and the ops port. */
export async function startApi(
  config: ApiConfig,
  logger: Logger,
  timeouts = API_TIMEOUTS,
): Promise<Service & { readonly port: number; readonly opsPort: number }> {
  const { registry } = openRecords(config.RECORDS);
  const database = openApiDatabase(config, () => tokens.forget());
  const uploads = openUploadDatabase(config);
  const tokens = rememberTokens(database);
  const prometheus = createMetrics();
  const metrics = createApiMetrics(prometheus, database);
  const { queue, webhooks } = openQueues(config, metrics, logger);
  const nudger = openNudger(queue, logger);
  const endedSessions = rememberEndedSessions((message) => void notifyChanged(database, message));
  const watcher = openBulkActionWatcher({
    database,
    url: config.DATABASE_URL,
    onChange: endedSessions.onMessage,
    onError: report(logger, "watcher trouble"),
  });
  const gate = openGate(config, database, tokens, logger, timeouts);
  const context = {
    ...{ database, uploads, nudger, watcher, registry, logger, metrics, config, timeouts },
    oneAtATime: createOneAtATime(),
  };
  const server = createApiServer(createApp(context, gate), logger, timeouts);
  const port = await listen(server, { host: config.HOST, port: config.PORT, variable: "PORT" });
  const { budget } = gate;
  const opsTools = { api: context, budget, queue, webhooks, endedSessions, prometheus, logger };
  const ops = await openOps(config, opsTools);
  logger.info({ host: config.HOST, port, opsPort: ops.port }, "api is listening");
  return {
    port,
    opsPort: ops.port,
    async stop() {
      ops.turnOff();
      logger.info({ drainMs: config.DRAIN_MS }, "api is stopping");
      // Load balancers see that the API is not ready and send no more requests.
      await wait(config.DRAIN_MS);
      // The watcher ends the waiting requests; the server closes when all requests have ended.
      await Promise.all([watcher.close(), closeServer(server, SHUTDOWN_MS)]);
      await ops.close();
      await nudger.settled();
      await gate.close();
      await Promise.all([queue.close(), webhooks?.close()]);
      await Promise.all([database.$disconnect(), uploads.$disconnect()]);
      logger.info("api stopped");
    },
  };
}

const SHUTDOWN_MS = 10_000;

function openQueues(config: ApiConfig, metrics: Pick<ApiMetrics, "notEnqueued">, logger: Logger) {
  const onError = report(logger, "queue trouble");
  const options = { engine: queueEngine(config), deadlineMs: NUDGE_DEADLINE_MS, onError };
  return {
    queue: openTurnQueue({ ...options, onNotAdded: metrics.notEnqueued }),
    // For the dashboard. The API adds no jobs to it.
    webhooks: config.WEBHOOK_SECRET_KEY === undefined ? undefined : openWebhookQueue(options),
  };
}

function report(logger: Logger, message: string) {
  return reportAtMostEvery((error, suppressed) => logger.warn({ error, suppressed }, message), 10_000);
}

function openApiDatabase(config: ApiConfig, onConnectionLost: () => void): Database {
  return openDatabase({
    url: config.DATABASE_URL,
    applicationName: "bulk-actions-api",
    poolSize: config.API_POOL_SIZE,
    lockTimeoutMs: 2_000,
    // Requests end within ten seconds; the driver waits two seconds longer than this. A create of 100,000 ids took 0.2 to
    // 0.6 s on a busy machine with two cores, one of a million ids 2.5 s.
    statementTimeoutMs: 7_000,
    onConnectionLost,
  });
}

// Opens a connection only for an upload. Callers may be silent between two statements for as long as one may take.
function openUploadDatabase(config: ApiConfig): Database {
  return openDatabase({
    url: config.DATABASE_URL,
    applicationName: "bulk-actions-api",
    poolSize: UPLOADS_AT_ONCE,
    lockTimeoutMs: 2_000,
    // To look for ids that repeat, the last statement of an upload sorts all of them.
    statementTimeoutMs: 180_000,
  });
}

function openNudger(queue: TurnQueue, logger: Logger): TurnNudger {
  return createTurnNudger(queue, (error, turns) => {
    const bulkActionIds = [...new Set(turns.map((turn) => turn.bulkActionId))];
    logger.warn({ error, bulkActionIds }, "not enqueued; the sweeper will do it");
  });
}
