import { commandLine } from "@bulk/service/command-line";
import { createLogger } from "@bulk/service/logger";
import { readConfig } from "@bulk/service/read-config";
import { reportMisspellings } from "@bulk/service/report-misspellings";
import { runService } from "@bulk/service/run-service";
import { startTracing, withTracing } from "@bulk/service/tracing";
import { workerConfig } from "./config.ts";
import { startWorker } from "./start-worker.ts";

/** Runs a worker as this process, until it is told to stop. */
export async function runWorker(): Promise<void> {
  COMMAND_LINE.parse();
  await runService(async () => {
    const config = readConfig(workerConfig, process.env);
    const logger = createLogger({ name: "worker", level: config.LOG_LEVEL });
    reportMisspellings(process.env, logger);
    const tracing = await startTracing(config, "bulk-actions-worker", logger);
    return withTracing(await startWorker(config, logger), tracing);
  });
}

const COMMAND_LINE = commandLine({
  name: "pnpm start:worker",
  description:
    "Starts a worker, which does what bulk actions ask for and sends webhooks; any number may run. Runs until " +
    "SIGTERM or SIGINT, then finishes its chunks. Run pnpm migrate first.",
  variables: {
    DATABASE_URL: "PostgreSQL, the same as the API's; must be set",
    REDIS_URL: "Redis or Valkey for the queue, the same as the API's; unset: the queue is in the database",
    WORKER_OPS_PORT: "port for health and metrics; another one for each worker on one machine (3002)",
    WORKER_CONCURRENCY: "how many turns it takes at once (4)",
    SHUTDOWN_MS: "how long running chunks may take to end after SIGTERM (20000)",
  },
  example: "DATABASE_URL=postgres://user:password@127.0.0.1:5432/shop pnpm start:worker",
});
