import { createLogger } from "@bulk/service/logger";
import { readConfig } from "@bulk/service/read-config";
import { runService } from "@bulk/service/run-service";
import { startTracing, withTracing } from "@bulk/service/tracing";
import { apiConfig } from "./config.ts";
import { startApi } from "./start-api.ts";

await runService(async () => {
  const config = readConfig(apiConfig, process.env);
  const logger = createLogger({ name: "api", level: config.LOG_LEVEL });
  const tracing = await startTracing(config, "bulk-actions-api", logger);
  return withTracing(await startApi(config, logger), tracing);
});
