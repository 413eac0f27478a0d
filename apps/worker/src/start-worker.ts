import { networkInterfaces } from "node:os";
import { registry } from "@bulk/actions/registry";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { queueEngine } from "@bulk/queue/engine";
import { openTurnQueue } from "@bulk/queue/turn-queue";
import { startTurnWorker, type TakenTurn } from "@bulk/queue/turn-worker";
import { every, type Periodic } from "@bulk/service/every";
import type { Logger } from "@bulk/service/logger";
import type { Service } from "@bulk/service/run-service";
import { sparingly } from "@bulk/service/sparingly";
import { type Database, openDatabase } from "@bulk/store/database";
import { createNameResolver } from "@bulk/webhooks/resolve-name";
import type { WorkerConfig } from "./config.ts";
import type { WebhookTools } from "./deliver-webhooks.ts";
import { createNewestTaken } from "./newest-taken.ts";
import { openOps } from "./open-ops.ts";
import { createSlicePace } from "./slice-pace.ts";
import { startWebhooks, type WebhookSender } from "./start-webhooks.ts";
import { type SweeperTools, sweep } from "./sweeper.ts";
import { openSwitchboard } from "./switchboard.ts";
import { type TurnTools, takeTurn } from "./take-turn.ts";
import { describeTurnFailure } from "./turn-failure.ts";
import { createWorkLog } from "./work-log.ts";
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
  const work = createWorkLog();
  const metrics = createWorkerMetrics(prometheus, work);
  const engine = queueEngine(config);
  const onError = reportTrouble(logger);
  const queue = openTurnQueue({ engine, deadlineMs: 5_000, onError, onNotAdded: metrics.notEnqueued });
  const maxReplicaLagSeconds = config.MAX_REPLICA_LAG_SECONDS;
  const switchboard = openSwitchboard({ database, logger, maxReplicaLagSeconds });
  const ops = await openOps(config, { database, queue, prometheus, work, switchboard, logger });
  const newest = createNewestTaken();
  const tools = {
    ...{ database, queue, registry, logger, metrics, turnMs: config.TURN_MS },
    ...{ switchboard, pace: createSlicePace() },
  };
  const worker = startTurnWorker({
    engine,
    concurrency: config.WORKER_CONCURRENCY,
    takeTurn(turn: TakenTurn) {
      newest.note(turn);
      // A name that nobody knows must not become a label.
      if (registry.has(turn.actionType)) metrics.turnTaken(turn, new Date());
      return work.during(() => takeTurn(turn, tools).catch(failInOurWords));
    },
    onError,
  });
  const sweeper = startSweeper(config, { ...tools, lastTaken: newest.enqueuedBefore }, onError);
  const webhooks = startWebhooksIfSetUp(config, { database, logger, metrics }, onError);
  logger.info({ concurrency: config.WORKER_CONCURRENCY, opsPort: ops.port }, "worker is taking turns");
  return {
    opsPort: ops.port,
    async stop() {
      ops.turnOff();
      logger.info("worker is stopping");
      const [hasEnded] = await Promise.all([
        worker.stop(config.SHUTDOWN_MS),
        webhooks?.stop(config.SHUTDOWN_MS),
        sweeper.stop(),
      ]);
      if (!hasEnded) logger.warn("a chunk outlasted SHUTDOWN_MS; its end is waited for");
      await queue.close();
      await ops.close();
      await database.$disconnect();
      logger.info("worker stopped");
    },
  };
}

function failInOurWords(error: unknown): never {
  throw describeTurnFailure(error);
}

function startSweeper(
  config: WorkerConfig,
  tools: Omit<SweeperTools, "window" | "retentionDays" | "marginMs"> & Pick<TurnTools, "switchboard">,
  onError: (error: unknown) => void,
): Periodic {
  const { WINDOW: window, RETENTION_DAYS: retentionDays, TURN_MS, SWEEP_INTERVAL_MS } = config;
  const sweeperTools = { ...tools, window, retentionDays, marginMs: 2_000 + TURN_MS };
  async function lookAfter(): Promise<void> {
    // Also an idle worker tells the log what is paused.
    await tools.switchboard.view();
    await sweep(sweeperTools);
  }
  return every(SWEEP_INTERVAL_MS, lookAfter, onError);
}

function reportTrouble(logger: Logger): (error: unknown) => void {
  return sparingly(
    (error, suppressed) => logger.warn({ error, suppressed }, "worker trouble"),
    TROUBLE_EVERY_MS,
  );
}

function startWebhooksIfSetUp(
  config: WorkerConfig,
  base: Pick<WebhookTools, "database" | "logger" | "metrics">,
  onError: (error: unknown) => void,
): WebhookSender | undefined {
  const secretKey = config.WEBHOOK_SECRET_KEY;
  if (secretKey === undefined) return undefined;
  const engine = queueEngine(config);
  const policy = { allowsLoopback: config.WEBHOOK_ALLOW_LOOPBACK, refused: listOwnAddresses() };
  const resolve = createNameResolver();
  const { WEBHOOK_TIMEOUT_MS: timeoutMs, RETENTION_DAYS: retentionDays } = config;
  const tools = { ...base, secretKey, policy, resolve, timeoutMs, retentionDays };
  return startWebhooks(engine, config, tools, onError);
}

// What listens here on all interfaces must not be reached by way of a public address either.
function listOwnAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address),
  );
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
