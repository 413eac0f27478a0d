import type { ApiConfig } from "@bulk/api/config";
import { counted } from "@bulk/domain/counted";
import { readConnectionRoom } from "@bulk/store/inspection/server-facts";
import type { MigrationConnection } from "@bulk/store/migration/migration-connection";
import type { WorkerConfig } from "@bulk/worker/config";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the database has room for the connections of an API and a worker as they are configured. */
export async function checkConnections(
  connection: MigrationConnection,
  { configuration, wantsRedis }: Subject,
): Promise<readonly Observation[]> {
  const { limit, others } = await readConnectionRoom(connection);
  const isQueueThere = !wantsRedis;
  const api = countApiConnections(configuration.api, isQueueThere);
  const worker = countWorkerConnections(configuration.worker, isQueueThere);
  const found =
    `${limit} connections are allowed and others have ${others}; an API uses up to ${api}, each worker ${worker}: ` +
    `room for ${counted(Math.max(Math.floor((limit - others - api) / worker), 0), "worker")} beside one API.`;
  if (api + worker > limit) return [fault(found, CURE)];
  return [api + worker > limit - others ? warning(found, CURE) : ok(found)];
}

const CURE =
  "Raise max_connections (or the CONNECTION LIMIT of user or database), or lower API_POOL_SIZE and " +
  "WORKER_CONCURRENCY.";

// The figures of docs/operations.md, "Connections".
function countApiConnections({ API_POOL_SIZE }: ApiConfig, isQueueThere: boolean): number {
  return API_POOL_SIZE + 1 + (isQueueThere ? 4 : 0);
}

function countWorkerConnections(config: WorkerConfig, isQueueThere: boolean): number {
  const own = config.WORKER_CONCURRENCY + 2;
  const hasWebhooks = config.WEBHOOK_SECRET_KEY !== undefined;
  return own + (isQueueThere ? own + 4 : 0) + (hasWebhooks ? 2 : 0) + (hasWebhooks && isQueueThere ? 8 : 0);
}
