import { createServer, type Server } from "node:http";
import { registry } from "@bulk/actions/registry";
import { isOpening } from "@bulk/queue/turn";
import { openTurnQueue } from "@bulk/queue/turn-queue";
import { startTurnWorker, type TakenTurn } from "@bulk/queue/turn-worker";
import { every } from "@bulk/service/every";
import { closeServer, listen } from "@bulk/service/listen";
import type { Logger } from "@bulk/service/logger";
import { createOpsApp } from "@bulk/service/ops-app";
import type { Service } from "@bulk/service/run-service";
import { sparingly } from "@bulk/service/sparingly";
import { type Database, openDatabase } from "@bulk/store/database";
import { readClock } from "@bulk/store/sweep";
import type { WorkerConfig } from "./config.ts";
import { startWebhooks, type WebhookSender } from "./start-webhooks.ts";
import { sweep } from "./sweeper.ts";
import { takeTurn } from "./take-turn.ts";
import { describeTurnFailure } from "./turn-failure.ts";

/** The same trouble is told again after this long. */
const TROUBLE_EVERY_MS = 10_000;

/** Starts taking turns and sweeping. `stop` ends the running chunks first, even while the queue is away. */
export async function startWorker(config: WorkerConfig, logger: Logger): Promise<Service> {
  const database = openWorkerDatabase(config);
  const opsServer = await listenForOps(config, database);
  const engine = { databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL };
  const onError = sparingly(
    (error, suppressed) => logger.warn({ error, suppressed }, "worker trouble"),
    TROUBLE_EVERY_MS,
  );
  const queue = openTurnQueue({ engine, deadlineMs: 5_000, onError });
  let lastTaken: Date | undefined;
  const tools = { database, queue, registry, logger, turnMs: config.TURN_MS };
  const worker = startTurnWorker({
    engine,
    concurrency: config.WORKER_CONCURRENCY,
    takeTurn(turn: TakenTurn) {
      // An opening turn gets ahead: that it was taken tells nothing about the others.
      const isNewer = lastTaken === undefined || turn.enqueuedAt > lastTaken;
      if (isNewer && !isOpening(turn)) lastTaken = turn.enqueuedAt;
      return takeTurn(turn, tools).catch((error: unknown) => {
        throw describeTurnFailure(error);
      });
    },
    onError,
  });
  const sweeperTools = {
    ...{ database, queue, logger, window: config.WINDOW, retentionDays: config.RETENTION_DAYS },
    lastTaken: () => lastTaken,
    marginMs: 2_000 + config.TURN_MS,
  };
  const sweeper = every(config.SWEEP_INTERVAL_MS, () => sweep(sweeperTools), onError);
  const webhooks = startWebhooksIfSetUp(config, database, logger, onError);
  logger.info({ concurrency: config.WORKER_CONCURRENCY }, "worker is taking turns");
  return {
    async stop() {
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
  database: Database,
  logger: Logger,
  onError: (error: unknown) => void,
): WebhookSender | undefined {
  const secretKey = config.WEBHOOK_SECRET_KEY;
  if (secretKey === undefined) return undefined;
  const engine = { databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL };
  const policy = { allowsLoopback: config.WEBHOOK_ALLOW_LOOPBACK };
  const tools = { database, logger, secretKey, policy, timeoutMs: config.WEBHOOK_TIMEOUT_MS };
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

async function listenForOps(config: WorkerConfig, database: Database): Promise<Server> {
  const server = createServer(createOpsApp([{ name: "database", check: () => readClock(database) }]));
  await listen(server, {
    host: config.OPS_HOST,
    port: config.WORKER_OPS_PORT,
    variable: "WORKER_OPS_PORT",
  });
  return server;
}
