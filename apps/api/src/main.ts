import { createLogger } from "@bulk/service/logger";
import { readConfig } from "@bulk/service/read-config";
import { runService } from "@bulk/service/run-service";
import { apiConfig } from "./config.ts";
import { startApi } from "./start-api.ts";

await runService(async () => {
  const config = readConfig(apiConfig, process.env);
  return await startApi(config, createLogger({ name: "api", level: config.LOG_LEVEL }));
});
