import { counted } from "@bulk/domain/counted";
import { countFailedTurns } from "@bulk/queue/turns/count-failed-turns";
import type { Database } from "@bulk/store/database";
import { findNewestSecret, type SealedSecret } from "@bulk/store/inspection/newest-secret";
import { findQuietActions } from "@bulk/store/inspection/work-at-rest";
import { openSecret } from "@bulk/webhooks/signing-secret";
import { fault, type Observation, ok, skipped, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether WEBHOOK_SECRET_KEY can sign deliveries to the existing endpoints. */
export async function checkWebhookKey(
  database: Database,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const key = configuration.worker.WEBHOOK_SECRET_KEY;
  const newest = await findNewestSecret(database);
  if (newest === undefined) return [ok("There are no webhook endpoints.")];
  if (key === undefined) {
    return [
      fault(
        "There are webhook endpoints but no WEBHOOK_SECRET_KEY: no webhook is sent.",
        "Set WEBHOOK_SECRET_KEY of API and workers to the key that encrypted their secrets.",
      ),
    ];
  }
  if (opens(key, newest)) return [ok("WEBHOOK_SECRET_KEY decrypts the secrets of the endpoints.")];
  return [
    fault(
      "WEBHOOK_SECRET_KEY is not the key that encrypted the newest secret of an endpoint: deliveries to it fail.",
      "Set WEBHOOK_SECRET_KEY of API and workers to the former key. If it is lost, the owners of the endpoints have to " +
        "rotate their secrets.",
    ),
  ];
}

function opens(key: Uint8Array, { endpointId, sealedSecret }: SealedSecret): boolean {
  try {
    openSecret(sealedSecret, key, endpointId);
    return true;
  } catch {
    return false;
  }
}

const HOUR_MS = 3_600_000;

/** Whether open bulk actions make progress, and turns succeed. */
export async function checkWork(database: Database, subject: Subject): Promise<readonly Observation[]> {
  return [...(await checkActions(database)), ...(await checkTurns(subject))];
}

async function checkActions(database: Database): Promise<readonly Observation[]> {
  const { count, oldestId } = await findQuietActions(database, HOUR_MS);
  if (count === 0) return [ok("Every open bulk action made progress within the last hour.")];
  return [
    warning(
      `${count} open bulk ${count === 1 ? "action has" : "actions have"} made no progress for an hour, the oldest ${oldestId}.`,
      "Make sure that a worker runs (/health/ready on its WORKER_OPS_PORT); search its log for `turn failed` and `swept`.",
    ),
  ];
}

async function checkTurns(subject: Subject): Promise<readonly Observation[]> {
  const { databaseUrl, wantsRedis, redisEngine, redis, now } = subject;
  if (wantsRedis && redis === undefined) return [skipped("Redis cannot be reached.")];
  const failed = await countFailedTurns({ databaseUrl, redis: redisEngine }, now() - HOUR_MS);
  if (failed === 0) return [ok("No turn failed within the last hour.")];
  return [
    warning(
      `${failed === 100 ? "100 or more turns" : counted(failed, "turn")} failed within the last hour; their lanes were started again.`,
      "Search the workers' logs for `turn failed`; the dashboard shows the jobs.",
    ),
  ];
}
