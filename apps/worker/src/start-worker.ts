import { createServer, type Server } from "node:http";
import { registry } from "@bulk/actions/registry";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { addPoolGauges } from "@bulk/metrics/pool-gauges";
import { isOpening } from "@bulk/queue/turn";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turn-queue";
import { startTurnWorker, type TakenTurn } from "@bulk/queue/turn-worker";
import { engineDependencies } from "@bulk/service/engine-dependencies";
import { every } from "@bulk/service/every";
import { closeServer, listen } from "@bulk/service/listen";
import type { Logger } from "@bulk/service/logger";
import { createOpsApp } from "@bulk/service/ops-app";
import { createReadiness, type Readiness } from "@bulk/service/readiness";
import type { Service } from "@bulk/service/run-service";
import { sparingly } from "@bulk/service/sparingly";
import { type Database, openDatabase } from "@bulk/store/database";
import { findDueWork } from "@bulk/store/due-work";
import { createSchemaCheck } from "@bulk/store/migration/schema-state";
import { readClock } from "@bulk/store/sweep";
import type { Express } from "express";
import type { WorkerConfig } from "./config.ts";
import type { WebhookTools } from "./deliver-webhooks.ts";
import { startWebhooks, type WebhookSender } from "./start-webhooks.ts";
import { sweep } from "./sweeper.ts";
import { takeTurn } from "./take-turn.ts";
import { addWorkHealth, type WorkHealthTools } from "./work-health.ts";
import { createWorkLog, type WorkLog } from "./work-log.ts";
import { createWorkerMetrics } from "./worker-metrics.ts";

/** The same trouble is told again after this long. */
const TROUBLE_EVERY_MS = 10_000;

/** Starts taking turns and sweeping. `stop` ends the running chunks first, even while the queue is away. */
export async function startWorker(
  config: WorkerConfig,
  logger: Logger,
): Promise<Service & { readonly opsPort: number }> {
  const database = openWorkerDatabase(config);
  const prometheus = createMetrics();
  addPoolGauges(prometheus, database);
  const work = createWorkLog();
  const metrics = createWorkerMetrics(prometheus, work);
  const engine = { databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL };
  const onError = sparingly(
    (error, suppressed) => logger.warn({ error, suppressed }, "worker trouble"),
    TROUBLE_EVERY_MS,
  );
  const queue = openTurnQueue({ engine, deadlineMs: 5_000, onError, onNotAdded: metrics.notEnqueued });
  const readiness = await openReadiness(database, queue);
  const opsApp = createOpsApp(readiness, prometheus);
  addWorkHealth(opsApp, workHealthTools(config, work, database, queue));
  const { opsServer, opsPort } = await listenForOps(config, opsApp);
  let lastTaken: Date | undefined;
  const tools = { database, queue, registry, logger, metrics, turnMs: config.TURN_MS };
  const worker = startTurnWorker({
    engine,
    concurrency: config.WORKER_CONCURRENCY,
    takeTurn(turn: TakenTurn) {
      // An opening turn gets ahead: that it was taken tells nothing about the others.
      const isNewer = lastTaken === undefined || turn.enqueuedAt > lastTaken;
      if (isNewer && !isOpening(turn)) lastTaken = turn.enqueuedAt;
      metrics.turnTaken(turn, new Date());
      return work.during(() => takeTurn(turn, tools));
    },
    onError,
  });
  const sweeperTools = {
    ...{ database, queue, logger, metrics, window: config.WINDOW, retentionDays: config.RETENTION_DAYS },
    lastTaken: () => lastTaken,
    marginMs: 2_000 + config.TURN_MS,
  };
  const sweeper = every(config.SWEEP_INTERVAL_MS, () => sweep(sweeperTools), onError);
  const webhooks = startWebhooksIfSetUp(config, { database, logger, metrics }, onError);
  logger.info({ concurrency: config.WORKER_CONCURRENCY, opsPort }, "worker is taking turns");
  return {
    opsPort,
    async stop() {
      readiness.turnOff();
      logger.info("worker is stopping");
      const [hasEnded] = await Promise.all([
        worker.stop(config.SHUTDOWN_MS),
        webhooks?.stop(config.SHUTDOWN_MS),
        sweeper.stop(),
      ]);
      if (!hasEnded) logger.warn("a chunk outlasted SHUTDOWN_MS; its end is waited for");
      await queue.close();
      await closeServer(opsServer, 0);
      await database.$disconnect();
      logger.info("worker stopped");
    },
  };
}

function startWebhooksIfSetUp(
  config: WorkerConfig,
  base: Pick<WebhookTools, "database" | "logger" | "metrics">,
  onError: (error: unknown) => void,
): WebhookSender | undefined {
  const secretKey = config.WEBHOOK_SECRET_KEY;
  if (secretKey === undefined) return undefined;
  const engine = { databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL };
  const policy = { allowsLoopback: config.WEBHOOK_ALLOW_LOOPBACK };
  const tools = { ...base, secretKey, policy, timeoutMs: config.WEBHOOK_TIMEOUT_MS };
  return startWebhooks(engine, config, tools, onError);
}

function openWorkerDatabase(config: WorkerConfig): Database {
  return openDatabase({
    url: config.DATABASE_URL,
    applicationName: "bulk-actions-worker",
    // One for the sweeper, one for health; webhooks wait for receivers, hardly ever for the database.
    poolSize: config.WORKER_CONCURRENCY + (config.WEBHOOK_SECRET_KEY === undefined ? 2 : 4),
    lockTimeoutMs: config.LOCK_TIMEOUT_MS,
    statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
  });
}

async function openReadiness(database: Database, queue: TurnQueue): Promise<Readiness> {
  const dependencies = engineDependencies({
    askDatabase: () => readClock(database),
    checkSchema: await createSchemaCheck(database),
    askQueue: queue.isDrained,
    checkEviction: queue.examineEviction,
    needsQueue: true,
  });
  return createReadiness(dependencies);
}

function workHealthTools(
  { WORK_STALL_SECONDS, TURN_MS, STATEMENT_TIMEOUT_MS }: WorkerConfig,
  work: WorkLog,
  database: Database,
  queue: TurnQueue,
): WorkHealthTools {
  return {
    work,
    stallSeconds: WORK_STALL_SECONDS,
    // A statement that times out is tried once more, carefully.
    longestTurnMs: TURN_MS + 2 * STATEMENT_TIMEOUT_MS,
    findDueWork: (quietSeconds) => findDueWork(database, quietSeconds),
    askQueue: queue.isDrained,
  };
}

async function listenForOps(
  { OPS_HOST: host, WORKER_OPS_PORT: port }: WorkerConfig,
  app: Express,
): Promise<{ readonly opsServer: Server; readonly opsPort: number }> {
  const opsServer = createServer(app);
  return { opsServer, opsPort: await listen(opsServer, { host, port, variable: "WORKER_OPS_PORT" }) };
}
