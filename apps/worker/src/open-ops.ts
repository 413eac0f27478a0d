import { addPoolGauges } from "@bulk/metrics/pool-gauges";
import { createSchemaCheck } from "@bulk/migration/schema-state";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import { opsHosts } from "@bulk/service/config/engine-config";
import { engineDependencies } from "@bulk/service/health/engine-dependencies";
import { holdDependency } from "@bulk/service/health/hold-dependency";
import { createOpsApp } from "@bulk/service/health/ops-app";
import { createReadiness, type Readiness } from "@bulk/service/health/readiness";
import { lookAtSchema, reportSchema } from "@bulk/service/health/report-schema";
import { createHttpServer } from "@bulk/service/process/http-server";
import { closeServer, listen } from "@bulk/service/process/listen";
import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import { findDueWork } from "@bulk/store/operations/due-work";
import { examineWrites } from "@bulk/store/rights/examine-writes";
import type { Registry } from "prom-client";
import type { WorkerConfig } from "./config.ts";
import { addWorkHealth, type WorkHealthTools } from "./observability/work-health.ts";
import type { WorkLog } from "./observability/work-log.ts";
import type { SafetyCatch } from "./safety/safety-catch.ts";
import type { Switchboard } from "./turns/switchboard.ts";
import { ALONE_MS } from "./turns/turn-clock.ts";

/** The worker's own port. */
export type WorkerOps = Pick<Readiness, "turnOff"> & {
  readonly port: number;
  close(): Promise<void>;
};

export type WorkerOpsTools = {
  readonly database: Database;
  readonly queue: TurnQueue;
  readonly prometheus: Registry;
  readonly work: WorkLog;
  readonly switchboard: Pick<Switchboard, "pausesUnchangedMs">;
  readonly safetyCatch: Pick<SafetyCatch, "listHolds">;
  readonly logger: Logger;
};

/** Opens the port for health and metrics. Throws `PortTakenError`. */
export async function openOps(config: WorkerConfig, tools: WorkerOpsTools): Promise<WorkerOps> {
  addPoolGauges(tools.prometheus, tools.database);
  const readiness = await openReadiness(tools);
  const app = createOpsApp(readiness, tools.prometheus, opsHosts(config));
  addWorkHealth(app, workHealthTools(config, tools));
  const server = createHttpServer({}, app);
  const { OPS_HOST: host, WORKER_OPS_PORT: port } = config;
  return {
    port: await listen(server, { host, port, variable: "WORKER_OPS_PORT" }),
    turnOff: readiness.turnOff,
    close: () => closeServer(server, 0),
  };
}

async function openReadiness({ database, queue, safetyCatch, logger }: WorkerOpsTools): Promise<Readiness> {
  const checkSchema = reportSchema(await createSchemaCheck(database), logger);
  lookAtSchema(checkSchema);
  const checks = { examineDatabase: () => examineWrites(database), checkSchema, queue, needsQueue: true };
  const holds = holdDependency(async () => safetyCatch.listHolds());
  return createReadiness([...engineDependencies(checks), holds]);
}

function workHealthTools(
  { WORK_STALL_SECONDS, TURN_MS, STATEMENT_TIMEOUT_MS }: WorkerConfig,
  { work, switchboard, database, queue }: WorkerOpsTools,
): WorkHealthTools {
  return {
    work,
    pausesUnchangedMs: switchboard.pausesUnchangedMs,
    stallSeconds: WORK_STALL_SECONDS,
    // A statement that times out is tried a second time, on the careful path.
    longestTurnMs: Math.max(TURN_MS, ALONE_MS) + 2 * STATEMENT_TIMEOUT_MS,
    findDueWork: (quietSeconds) => findDueWork(database, quietSeconds),
    isQueuePaused: queue.isPaused,
  };
}
