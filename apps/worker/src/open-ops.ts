import { addPoolGauges } from "@bulk/metrics/pool-gauges";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import { opsHosts } from "@bulk/service/engine-config";
import { engineDependencies } from "@bulk/service/engine-dependencies";
import { createHttpServer } from "@bulk/service/http-server";
import { closeServer, listen } from "@bulk/service/listen";
import type { Logger } from "@bulk/service/logger";
import { createOpsApp } from "@bulk/service/ops-app";
import { createReadiness, type Readiness } from "@bulk/service/readiness";
import { lookAtSchema, reportSchema } from "@bulk/service/report-schema";
import type { Database } from "@bulk/store/database";
import { findDueWork } from "@bulk/store/due-work";
import { examineWrites } from "@bulk/store/examine-writes";
import { createSchemaCheck } from "@bulk/store/migration/schema-state";
import type { Registry } from "prom-client";
import type { WorkerConfig } from "./config.ts";
import type { Switchboard } from "./switchboard.ts";
import { addWorkHealth, type WorkHealthTools } from "./work-health.ts";
import type { WorkLog } from "./work-log.ts";

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

async function openReadiness({ database, queue, logger }: WorkerOpsTools): Promise<Readiness> {
  const checkSchema = reportSchema(await createSchemaCheck(database), logger);
  lookAtSchema(checkSchema);
  const checks = { examineDatabase: () => examineWrites(database), checkSchema, queue, needsQueue: true };
  return createReadiness(engineDependencies(checks));
}

function workHealthTools(
  { WORK_STALL_SECONDS, TURN_MS, STATEMENT_TIMEOUT_MS }: WorkerConfig,
  { work, switchboard, database, queue }: WorkerOpsTools,
): WorkHealthTools {
  return {
    work,
    pausesUnchangedMs: switchboard.pausesUnchangedMs,
    stallSeconds: WORK_STALL_SECONDS,
    // A statement that times out is tried once more, carefully.
    longestTurnMs: TURN_MS + 2 * STATEMENT_TIMEOUT_MS,
    findDueWork: (quietSeconds) => findDueWork(database, quietSeconds),
    isQueuePaused: queue.isPaused,
  };
}
