import { createLogger } from "@bulk/service/logger";
import { readConfig } from "@bulk/service/read-config";
import { runService } from "@bulk/service/run-service";
import { workerConfig } from "./config.ts";
import { startWorker } from "./start-worker.ts";

await runService(async () => {
  const config = readConfig(workerConfig, process.env);
  return await startWorker(config, createLogger({ name: "worker", level: config.LOG_LEVEL }));
});
