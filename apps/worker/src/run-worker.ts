import { startRecordsCheck } from "@bulk/catalog/start/start-records-check";
import { withRecordsCheck } from "@bulk/catalog/start/with-records-check";
import { readConfig } from "@bulk/service/config/read-config";
import { reportMisspellings } from "@bulk/service/config/report-misspellings";
import { commandLine } from "@bulk/service/process/command-line";
import { createLogger } from "@bulk/service/process/logger";
import { runService } from "@bulk/service/process/run-service";
import { startTracing, withTracing } from "@bulk/service/tracing/tracing";
import { workerConfig } from "./config.ts";
import { startWorker } from "./start-worker.ts";

/** Runs a worker as this process until SIGTERM or SIGINT. */
export async function runWorker(): Promise<void> {
  COMMAND_LINE.parse();
  await runService(async () => {
    const config = readConfig(workerConfig, process.env);
    const logger = createLogger({ name: "worker", level: config.LOG_LEVEL });
    reportMisspellings(process.env, logger);
    const check = await startRecordsCheck({
      path: config.RECORDS,
      databaseUrl: config.DATABASE_URL,
      applicationName: "bulk-actions-worker",
      logger,
    });
    const tracing = await startTracing(config, "bulk-actions-worker", logger);
    return withRecordsCheck(withTracing(await startWorker(config, logger), tracing), check);
  });
}

const COMMAND_LINE = commandLine({
  name: "pnpm start:worker",
  description:
    "Starts a worker. Workers run bulk actions and send webhooks; start as many as you need. Runs until " +
    "SIGTERM or SIGINT, then finishes its chunks. Run pnpm migrate first.",
  variables: {
    DATABASE_URL: "PostgreSQL, the same as the API's; must be set",
    REDIS_URL: "Redis or Valkey for the queue, the same as the API's; unset: the queue is in the database",
    WORKER_OPS_PORT: "port for health and metrics; another one for each worker on one machine (3002)",
    WORKER_CONCURRENCY: "how many turns it runs at once, beside a first turn (4)",
    SHUTDOWN_MS: "how long running chunks may take to end after SIGTERM (20000)",
  },
  example: "DATABASE_URL=postgres://user:password@127.0.0.1:5432/shop pnpm start:worker",
});
