import { apiConfig } from "@bulk/api/config";
import { API_TIMEOUTS } from "@bulk/api/http/server/api-server";
import { startApi } from "@bulk/api/start-api";
import { readConfig } from "@bulk/service/config/read-config";
import { createLogger } from "@bulk/service/process/logger";
import type { TestService } from "./test-service.ts";
import { UNLIMITED } from "./unlimited.ts";

/** One more API of a test service, on the same engines unless the variables say otherwise. */
export async function openAnotherApi(
  { database, redis }: Pick<TestService, "database" | "redis">,
  environment: NodeJS.ProcessEnv = {},
  timeouts = API_TIMEOUTS,
): Promise<AsyncDisposable & { readonly url: string; readonly opsUrl: string }> {
  const variables = {
    DATABASE_URL: database.serviceUrl,
    ...(redis && { REDIS_URL: redis.url }),
    ...{ PORT: "0", OPS_PORT: "0", ...UNLIMITED },
    ...environment,
  };
  const api = await startApi(
    readConfig(apiConfig, variables),
    createLogger({ name: "test", level: "fatal" }),
    timeouts,
  );
  return {
    url: `http://127.0.0.1:${api.port}`,
    opsUrl: `http://127.0.0.1:${api.opsPort}`,
    [Symbol.asyncDispose]: () => api.stop(),
  };
}
