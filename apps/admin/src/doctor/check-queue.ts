import { inspectQueueTables, type QueueTables } from "@bulk/queue/engines/inspect-queue-tables";
import {
  LEAST_REDIS_VERSION,
  RECOMMENDED_REDIS_VERSION,
  type RedisFacts,
} from "@bulk/queue/engines/redis-probe";
import { writeQueueGrants } from "@bulk/queue/engines/write-queue-grants";
import { fault, type Observation, ok, skipped, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the queue can take turns, on Redis or in the database. */
export async function checkQueue(subject: Subject): Promise<readonly Observation[]> {
  const { connection, databaseUrl, redis, wantsRedis } = subject;
  if (wantsRedis) {
    return [redis === undefined ? skipped("Redis cannot be reached.") : ok("The queue is on Redis.")];
  }
  if (connection === undefined) return [skipped("The database cannot be reached.")];
  const user = connection.escapeIdentifier(connection.user ?? "");
  return [judgeTables(await inspectQueueTables(databaseUrl), user)];
}

function judgeTables({ version, wanted, closed, isFound }: QueueTables, user: string): Observation {
  if (!isFound) {
    return fault(
      "The queue is in the database, and a pooler drops the search_path that its connections ask for.",
      "Set REDIS_URL, or set DATABASE_URL to a direct connection.",
    );
  }
  if (closed.length > 0) {
    return fault(
      `The queue is in the database, and ${user} lacks rights on its objects: ${closed.join(", ")}.`,
      writeQueueGrants(user).join("\n"),
    );
  }
  if (version >= wanted) return ok(`The queue is in the database; its tables have version ${version}.`);
  const found = version === 0 ? "has no tables" : `has tables of version ${version}, older than ${wanted}`;
  return fault(`The queue in the database ${found}.`, "pnpm migrate");
}

/** Whether Redis loses or refuses jobs. */
export async function checkRedis({ redis, wantsRedis }: Subject): Promise<readonly Observation[]> {
  if (!wantsRedis) return [ok("Not used: the queue is in the database.")];
  if (redis === undefined) return [skipped("Redis cannot be reached.")];
  const facts = await redis.readFacts();
  const observations = [
    ...judgeRole(facts),
    ...judgeVersion(facts),
    ...judgePolicy(facts),
    ...judgeMemory(facts),
    ...judgePersistence(facts),
  ];
  if (observations.length > 0) return observations;
  return [ok(`Redis ${facts.version} evicts nothing, has free memory and persists to disk.`)];
}

function judgeRole({ isReplica }: RedisFacts): readonly Observation[] {
  if (!isReplica) return [];
  return [fault("REDIS_URL points to a replica, which takes no writes.", "Set REDIS_URL to its primary.")];
}

function judgeVersion({ version }: RedisFacts): readonly Observation[] {
  if (!isOlder(version, RECOMMENDED_REDIS_VERSION)) return [];
  const isRefused = isOlder(version, LEAST_REDIS_VERSION);
  const found = `Redis ${version} is older than ${isRefused ? LEAST_REDIS_VERSION : RECOMMENDED_REDIS_VERSION}, `;
  const cure = "Upgrade Redis, or use Valkey.";
  return isRefused
    ? [fault(`${found}and BullMQ refuses it.`, cure)]
    : [warning(`${found}which BullMQ recommends at least.`, cure)];
}

function judgePolicy({ evictionPolicy }: RedisFacts): readonly Observation[] {
  if (evictionPolicy === "noeviction") return [];
  if (evictionPolicy === undefined) {
    return [warning("Redis hides its maxmemory-policy.", "Make sure that it is noeviction.")];
  }
  return [
    fault(
      `maxmemory-policy is ${evictionPolicy}: Redis may delete turns when memory is short.`,
      "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.",
    ),
  ];
}

function judgeMemory({ usedBytes, limitBytes }: RedisFacts): readonly Observation[] {
  if (limitBytes === 0 || usedBytes < 0.9 * limitBytes) return [];
  const [used, limit] = [usedBytes, limitBytes].map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
  return [
    warning(
      `Redis uses ${used} of the ${limit} of its maxmemory; above it, Redis takes no turns.`,
      "Raise maxmemory. An open bulk action needs a few kilobytes: find out what else is stored there.",
    ),
  ];
}

function judgePersistence({ isPersistent }: RedisFacts): readonly Observation[] {
  if (isPersistent === true) return [];
  if (isPersistent === undefined) {
    return [ok("Redis hides whether it persists to disk; if not, a restart delays turns by seconds.")];
  }
  return [
    warning(
      "Redis does not persist to disk: after a restart the sweeper has to start all lanes again.",
      "CONFIG SET appendonly yes, and the same in redis.conf.",
    ),
  ];
}

function isOlder(version: string, than: string): boolean {
  const [numbers, others] = [version, than].map((text) => text.split(".").map(Number));
  const differing = (others ?? []).findIndex((other, place) => numbers?.[place] !== other);
  return differing !== -1 && (numbers?.[differing] ?? 0) < (others?.[differing] ?? 0);
}
