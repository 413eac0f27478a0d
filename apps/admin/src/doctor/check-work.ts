import { countFailedTurns } from "@bulk/queue/count-failed-turns";
import type { Database } from "@bulk/store/database";
import { findQuietActions } from "@bulk/store/inspection/work-at-rest";
import { type Observation, ok, skipped, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

const HOUR_MS = 3_600_000;

/** Whether what is open goes on, and turns end well. */
export async function checkWork(database: Database, subject: Subject): Promise<readonly Observation[]> {
  return [...(await checkActions(database)), ...(await checkTurns(subject))];
}

async function checkActions(database: Database): Promise<readonly Observation[]> {
  const { count, oldestId } = await findQuietActions(database, HOUR_MS);
  if (count === 0) return [ok("No open bulk action has been without progress for an hour.")];
  return [
    warning(
      `${count} open bulk ${count === 1 ? "action has" : "actions have"} made no progress for an hour, the oldest ${oldestId}.`,
      "See that a worker runs (/health/ready on its WORKER_OPS_PORT), and what its log says of `turn failed` and `swept`.",
    ),
  ];
}

async function checkTurns(subject: Subject): Promise<readonly Observation[]> {
  const { databaseUrl, wantsRedis, redisEngine, redis, now } = subject;
  if (wantsRedis && redis === undefined) return [skipped("Redis cannot be reached.")];
  const failed = await countFailedTurns({ databaseUrl, redis: redisEngine }, now() - HOUR_MS);
  if (failed === 0) return [ok("No turn has failed within the last hour.")];
  return [
    warning(
      `${failed === 100 ? "100 or more" : failed} turns have failed within the last hour; their lanes were started again.`,
      "The workers' log has `turn failed` with the error; the dashboard shows the jobs.",
    ),
  ];
}
