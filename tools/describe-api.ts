import { apiConfig } from "@bulk/api/config";
import type { ApiContext } from "@bulk/api/context";
import { createOneAtATime } from "@bulk/api/http/bodies/one-at-a-time";
import { createApiMetrics } from "@bulk/api/http/observability/api-metrics";
import { describeApi } from "@bulk/api/reference/openapi";
import { routes } from "@bulk/api/routes";
import { createMetrics } from "@bulk/metrics/create-metrics";
import { openRecords } from "@bulk/records/open-records";
import { createLogger } from "@bulk/service/process/logger";
import { openDatabase } from "@bulk/store/database";

/**
 * Returns the OpenAPI document of an API with the default configuration and the sample shop's records, without a server. Endpoints
 * describe themselves when they are created, and connect to nothing before the first request.
 */
export function describeDefaultApi(): object {
  const config = apiConfig.parse({ DATABASE_URL: "postgres://nobody@127.0.0.1/nothing" });
  const { registry } = openRecords();
  const database = openDatabase({
    ...{ url: config.DATABASE_URL, applicationName: "bulk-actions-tools", poolSize: 1 },
    ...{ lockTimeoutMs: 1_000, statementTimeoutMs: 1_000 },
  });
  const context: ApiContext = {
    ...{ config, registry, database, uploads: database, oneAtATime: createOneAtATime() },
    metrics: createApiMetrics(createMetrics(), database),
    logger: createLogger({ name: "tools", level: "fatal" }),
    nudger: { nudge: serveNothing, settled: serveNothing },
    watcher: { watch: serveNothing, close: serveNothing },
    timeouts: { takeMs: 0 },
  };
  const served = routes.map((route) => ({ ...route, endpoint: route.endpoint(context) }));
  return describeApi(served, registry);
}

function serveNothing(): never {
  throw new Error("This API only describes itself.");
}
