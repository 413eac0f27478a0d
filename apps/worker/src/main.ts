import { createLogger } from "@bulk/service/logger";
import { readConfig } from "@bulk/service/read-config";
import { runService } from "@bulk/service/run-service";
import { startTracing, withTracing } from "@bulk/service/tracing";
import { workerConfig } from "./config.ts";
import { startWorker } from "./start-worker.ts";

await runService(async () => {
  const config = readConfig(workerConfig, process.env);
  const logger = createLogger({ name: "worker", level: config.LOG_LEVEL });
  const tracing = await startTracing(config, "bulk-actions-worker", logger);
  return withTracing(await startWorker(config, logger), tracing);
});
