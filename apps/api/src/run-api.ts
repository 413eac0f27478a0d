import { startRecordsCheck } from "@bulk/catalog/start/start-records-check";
import { withRecordsCheck } from "@bulk/catalog/start/with-records-check";
import { readConfig } from "@bulk/service/config/read-config";
import { reportMisspellings } from "@bulk/service/config/report-misspellings";
import { commandLine } from "@bulk/service/process/command-line";
import { createLogger } from "@bulk/service/process/logger";
import { runService } from "@bulk/service/process/run-service";
import { startTracing, withTracing } from "@bulk/service/tracing/tracing";
import { apiConfig } from "./config.ts";
import { startApi } from "./start-api.ts";

/** Runs the API in this process until SIGTERM or SIGINT. */
export async function runApi(): Promise<void> {
  COMMAND_LINE.parse();
  await runService(async () => {
    const config = readConfig(apiConfig, process.env);
    const logger = createLogger({ name: "api", level: config.LOG_LEVEL });
    reportMisspellings(process.env, logger);
    const check = await startRecordsCheck({
      path: config.RECORDS,
      databaseUrl: config.DATABASE_URL,
      applicationName: "bulk-actions-api",
      logger,
    });
    const tracing = await startTracing(config, "bulk-actions-api", logger);
    return withRecordsCheck(withTracing(await startApi(config, logger), tracing), check);
  });
}

const COMMAND_LINE = commandLine({
  name: "pnpm start:api",
  description:
    "Starts the HTTP API, which accepts bulk actions and reports their results. Runs until SIGTERM or SIGINT. " +
    "Run pnpm migrate first. Workers (pnpm start:worker) execute the bulk actions.",
  variables: {
    DATABASE_URL: "PostgreSQL; must be set",
    REDIS_URL: "Redis or Valkey for the queue; unset: the queue is in the database",
    PORT: "port of the API (3000)",
    HOST: "address of the API (127.0.0.1)",
    OPS_PORT: "port for health, metrics and the dashboard (3001)",
  },
  example: "DATABASE_URL=postgres://user:password@127.0.0.1:5432/shop pnpm start:api",
});
