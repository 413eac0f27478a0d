import { commandLine } from "@bulk/service/command-line";
import { createLogger } from "@bulk/service/logger";
import { readConfig } from "@bulk/service/read-config";
import { reportMisspellings } from "@bulk/service/report-misspellings";
import { runService } from "@bulk/service/run-service";
import { startTracing, withTracing } from "@bulk/service/tracing";
import { apiConfig } from "./config.ts";
import { startApi } from "./start-api.ts";

/** Runs the API as this process, until it is told to stop. */
export async function runApi(): Promise<void> {
  COMMAND_LINE.parse();
  await runService(async () => {
    const config = readConfig(apiConfig, process.env);
    const logger = createLogger({ name: "api", level: config.LOG_LEVEL });
    reportMisspellings(process.env, logger);
    const tracing = await startTracing(config, "bulk-actions-api", logger);
    return withTracing(await startApi(config, logger), tracing);
  });
}

const COMMAND_LINE = commandLine({
  name: "pnpm start:api",
  description:
    "Starts the HTTP API, which accepts bulk actions and says what became of them. Runs until SIGTERM or SIGINT. " +
    "Run pnpm migrate first; the work is done by pnpm start:worker.",
  variables: {
    DATABASE_URL: "PostgreSQL; must be set",
    REDIS_URL: "Redis or Valkey for the queue; unset: the queue is in the database",
    PORT: "port of the API (3000)",
    HOST: "address of the API (127.0.0.1)",
    OPS_PORT: "port for health, metrics and the dashboard (3001)",
  },
  example: "DATABASE_URL=postgres://user:password@127.0.0.1:5432/shop pnpm start:api",
});
