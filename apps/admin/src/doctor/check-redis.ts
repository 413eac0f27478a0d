import { LEAST_REDIS_VERSION, RECOMMENDED_REDIS_VERSION, type RedisFacts } from "@bulk/queue/redis-probe";
import { fault, type Observation, ok, skipped, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether Redis keeps what it is given. */
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
  return [ok(`Redis ${facts.version} evicts nothing, has room and keeps what it has on disk.`)];
}

function judgeRole({ isReplica }: RedisFacts): readonly Observation[] {
  if (!isReplica) return [];
  return [fault("REDIS_URL leads to a replica, which takes no turns.", "Let REDIS_URL lead to its primary.")];
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
    return [warning("Redis does not say what it evicts.", "See that its maxmemory-policy is noeviction.")];
  }
  return [
    fault(
      `maxmemory-policy is ${evictionPolicy}: turns may vanish when memory is short.`,
      "CONFIG SET maxmemory-policy noeviction, and maxmemory-policy noeviction in redis.conf.",
    ),
  ];
}

function judgeMemory({ usedBytes, limitBytes }: RedisFacts): readonly Observation[] {
  if (limitBytes === 0 || usedBytes < 0.9 * limitBytes) return [];
  const [used, limit] = [usedBytes, limitBytes].map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
  return [
    warning(
      `Redis uses ${used} of the ${limit} it may have; beyond them it takes no turns.`,
      "Raise maxmemory. A bulk action needs a few kilobytes while it is open: see what else is kept there.",
    ),
  ];
}

function judgePersistence({ isPersistent }: RedisFacts): readonly Observation[] {
  if (isPersistent === true) return [];
  if (isPersistent === undefined) {
    return [ok("Redis does not say whether it keeps what it has on disk; without, a restart costs seconds.")];
  }
  return [
    warning(
      "Redis keeps nothing on disk: after a restart the workers' sweeper has to start all lanes again.",
      "CONFIG SET appendonly yes, and appendonly yes in redis.conf.",
    ),
  ];
}

function isOlder(version: string, than: string): boolean {
  const [numbers, others] = [version, than].map((text) => text.split(".").map(Number));
  const differing = (others ?? []).findIndex((other, place) => numbers?.[place] !== other);
  return differing !== -1 && (numbers?.[differing] ?? 0) < (others?.[differing] ?? 0);
}
