import { networkInterfaces } from "node:os";
import { listExpectations } from "@bulk/catalog/expected/list-expectations";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { queueEngine } from "@bulk/queue/engines/engine";
import { openTurnQueue } from "@bulk/queue/turns/turn-queue";
import { startTurnWorker, type TakenTurn, type TurnReport } from "@bulk/queue/turns/turn-worker";
import type { RecordsFile } from "@bulk/records/declaration/records-file";
import { openRecords } from "@bulk/records/open-records";
import type { Logger } from "@bulk/service/process/logger";
import type { Service } from "@bulk/service/process/run-service";
import { every, type Periodic } from "@bulk/service/timing/every";
import { reportAtMostEvery } from "@bulk/service/timing/report-at-most-every";
import { recordActivity } from "@bulk/store/bulk-actions/record-activity";
import { type Database, openDatabase } from "@bulk/store/database";
import { createNameResolver, type ResolveName } from "@bulk/webhooks/resolve-name";
import { addBrakeGauges } from "./brake/brake-gauges.ts";
import { openShopBrake, type ShopBrake } from "./brake/shop-brake.ts";
import type { WorkerConfig } from "./config.ts";
import { countTurns, workerPoolSize } from "./config.ts";
import { dropExpiredHourly } from "./drop-expired-hourly.ts";
import { startPresence } from "./observability/presence.ts";
import { createWorkLog, type WorkLog } from "./observability/work-log.ts";
import { createWorkerMetrics, type WorkerMetrics } from "./observability/worker-metrics.ts";
import { openOps } from "./open-ops.ts";
import { startPruner } from "./pruner.ts";
import { startRecordIndexer } from "./record-indexer.ts";
import { addHoldGauge } from "./safety/hold-gauge.ts";
import { openSafetyCatch, type SafetyCatch, type SafetyCatchOptions } from "./safety/safety-catch.ts";
import { type SweeperTools, sweep } from "./sweeper.ts";
import { createNewestTaken, type NewestTaken } from "./turns/newest-taken.ts";
import { createSlicePace } from "./turns/slice-pace.ts";
import { openSwitchboard, type Switchboard } from "./turns/switchboard.ts";
import { type TurnTools, takeTurn } from "./turns/take-turn.ts";
import { ALONE_MS, MARK_MS } from "./turns/turn-clock.ts";
import { describeTurnFailure } from "./turns/turn-failure.ts";
import { createTurnPlaces, type TurnPlaces } from "./turns/turn-places.ts";
import type { WebhookTools } from "./webhooks/deliver-webhooks.ts";
import { startWebhooks, type WebhookSender } from "./webhooks/start-webhooks.ts";

/** How often the same trouble is logged at most. */
const TROUBLE_EVERY_MS = 10_000;

/**
 * Starts turns, sweeping and webhooks. `stop` waits for running chunks, even while the queue is down.
 *
 * @param resolve finds the addresses of webhook receivers; by default with the name servers of the system
 */
export async function startWorker(
  config: WorkerConfig,
  logger: Logger,
  resolve: ResolveName = createNameResolver(),
): Promise<Service & { readonly opsPort: number }> {
  const { registry, declaration } = openRecords(config.RECORDS);
  const database = openWorkerDatabase(config);
  const prometheus = createMetrics();
  const work = createWorkLog();
  const metrics = createWorkerMetrics(prometheus, work, registry);
  const engine = queueEngine(config);
  const onError = reportTrouble(logger);
  const queue = openTurnQueue({ engine, deadlineMs: 5_000, onError, onNotAdded: metrics.notEnqueued });
  const switchboard = openWorkerSwitchboard(config, database, logger);
  const safetyCatch = startSafetyCatch(declaration, prometheus, { database, logger, onError });
  const ops = await openOps(config, { database, queue, prometheus, work, switchboard, safetyCatch, logger });
  const [newest, places] = [createNewestTaken(), createTurnPlaces(config.WORKER_CONCURRENCY, MARK_MS)];
  const base = { database, logger, metrics };
  const shopBrake = openShopBrake({ database, logger, onError, target: findTarget(config) });
  addBrakeGauges(prometheus, shopBrake);
  const brakes = { switchboard, safetyCatch, shopBrake, pace: createSlicePace() };
  const times = { turnMs: config.TURN_MS, aloneMs: ALONE_MS, markMs: MARK_MS, isCrowded: places.isCrowded };
  const tools = { ...base, ...brakes, queue, registry, times };
  const worker = startTurnWorker({
    ...{ engine, concurrency: countTurns(config), onError },
    takeTurn: observeTurns({ tools, metrics, work, newest, places, onError }),
  });
  const sweeperTools = { ...tools, effects: registry, lastTaken: newest.enqueuedBefore };
  const upkeep = startUpkeep(config, sweeperTools, onError);
  const webhooks = startWebhooksIfConfigured(config, { ...base, effects: registry, resolve }, onError);
  const presence = startPresence({ database, work, places: config.WORKER_CONCURRENCY, onError });
  logger.info({ concurrency: config.WORKER_CONCURRENCY, opsPort: ops.port }, "worker is taking turns");
  return {
    opsPort: ops.port,
    async stop() {
      ops.turnOff();
      logger.info("worker is stopping");
      const [hasEnded] = await Promise.all([
        worker.stop(config.SHUTDOWN_MS),
        webhooks?.stop(config.SHUTDOWN_MS),
        upkeep.stop(),
      ]);
      await safetyCatch.stop();
      await presence.stop();
      if (!hasEnded) logger.warn("a chunk still runs after SHUTDOWN_MS; waiting for it");
      await queue.close();
      await ops.close();
      await database.$disconnect();
      logger.info("worker stopped");
    },
  };
}

function findTarget({ PROTECT, PROTECT_MAX_SLOWDOWN }: WorkerConfig): number | undefined {
  return PROTECT === "on" ? PROTECT_MAX_SLOWDOWN : undefined;
}

function openWorkerSwitchboard(config: WorkerConfig, database: Database, logger: Logger): Switchboard {
  return openSwitchboard({ database, logger, maxReplicaLagSeconds: config.MAX_REPLICA_LAG_SECONDS });
}

function startSafetyCatch(
  declaration: RecordsFile,
  prometheus: ReturnType<typeof createMetrics>,
  tools: Pick<SafetyCatchOptions, "database" | "logger" | "onError">,
): SafetyCatch {
  const expectations = listExpectations(declaration);
  const safetyCatch = openSafetyCatch({ ...tools, expectations });
  addHoldGauge(prometheus, expectations, safetyCatch);
  return safetyCatch;
}

type Observed = {
  readonly tools: TurnTools;
  readonly metrics: Pick<WorkerMetrics, "turnTaken">;
  readonly work: WorkLog;
  readonly newest: NewestTaken;
  readonly places: TurnPlaces;
  readonly onError: (error: unknown) => void;
};

/** Returns the function that takes a turn in its place and records it in the metrics, the work log and `newest`. */
function observeTurns({ tools, metrics, work, newest, places, onError }: Observed) {
  async function take(turn: TakenTurn): Promise<TurnReport> {
    newest.note(turn);
    // An unknown action type must not become a metric label.
    if (tools.registry.has(turn.actionType)) metrics.turnTaken(turn, new Date());
    return await work.during(turn, () => takeTurn(turn, tools).catch(throwTurnFailure));
  }
  // So that the sweeper does not take it for lost.
  function stillWaiting({ bulkActionId, generation }: TakenTurn): Promise<unknown> {
    return recordActivity(tools.database, bulkActionId, generation).catch(onError);
  }
  return (turn: TakenTurn) =>
    places.during(
      turn,
      () => take(turn),
      () => stillWaiting(turn),
    );
}

function throwTurnFailure(error: unknown): never {
  throw describeTurnFailure(error);
}

type UpkeepTools = Parameters<typeof startSweeper>[1] & { readonly shopBrake: Pick<ShopBrake, "lastView"> };

/** Starts what is done on timers: sweeping, pruning of large bulk actions, and indexing. */
function startUpkeep(config: WorkerConfig, tools: UpkeepTools, onError: (error: unknown) => void): Periodic {
  const tasks = [
    startSweeper(config, tools, onError),
    startPruner(config, { ...tools, onError }),
    startRecordIndexer(config, { ...tools, onError }),
  ];
  return {
    async stop() {
      await Promise.all(tasks.map((task) => task?.stop()));
    },
  };
}

function startSweeper(
  config: WorkerConfig,
  tools: Omit<SweeperTools, "window" | "retentionDays" | "marginMs"> & Pick<TurnTools, "switchboard">,
  onError: (error: unknown) => void,
): Periodic {
  const { WINDOW: window, RETENTION_DAYS: retentionDays, TURN_MS, SWEEP_INTERVAL_MS } = config;
  const dropExpired = dropExpiredHourly(tools.database, tools.logger);
  const sweeperTools = { ...tools, window, retentionDays, marginMs: 2_000 + TURN_MS };
  async function refreshAndSweep(): Promise<void> {
    // So that an idle worker, too, logs changed switches.
    await tools.switchboard.view();
    await sweep(sweeperTools);
    await dropExpired();
  }
  return every(SWEEP_INTERVAL_MS, refreshAndSweep, onError);
}

function reportTrouble(logger: Logger): (error: unknown) => void {
  return reportAtMostEvery(
    (error, suppressed) => logger.warn({ error, suppressed }, "worker trouble"),
    TROUBLE_EVERY_MS,
  );
}

function startWebhooksIfConfigured(
  config: WorkerConfig,
  base: Pick<WebhookTools, "database" | "effects" | "logger" | "metrics" | "resolve">,
  onError: (error: unknown) => void,
): WebhookSender | undefined {
  const secretKey = config.WEBHOOK_SECRET_KEY;
  if (secretKey === undefined) return undefined;
  const engine = queueEngine(config);
  const policy = { allowsLoopback: config.WEBHOOK_ALLOW_LOOPBACK, refused: listOwnAddresses() };
  const { WEBHOOK_TIMEOUT_MS: timeoutMs, RETENTION_DAYS: retentionDays } = config;
  const tools = { ...base, secretKey, policy, timeoutMs, retentionDays };
  return startWebhooks(engine, config, tools, onError);
}

// A service that listens on all interfaces of this machine must not be reachable through a public address either.
function listOwnAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address),
  );
}

function openWorkerDatabase(config: WorkerConfig): Database {
  return openDatabase({
    url: config.DATABASE_URL,
    applicationName: "bulk-actions-worker",
    poolSize: workerPoolSize(config),
    lockTimeoutMs: config.LOCK_TIMEOUT_MS,
    statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
  });
}
