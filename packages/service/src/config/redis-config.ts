import { z } from "zod";
import { urlOf } from "./read-config.ts";

/** The variables for Redis or Valkey. If none is set, the queue is in the database. */
export const redisVariables = {
  /** A single server. With REDIS_SENTINELS: the primary, with its name in place of the host. */
  REDIS_URL: urlOf("redis:", "rediss:").optional(),
  /** URLs of the Sentinels. */
  REDIS_SENTINELS: redisServers().optional(),
  /** URLs of some nodes of a Redis Cluster; they announce the others. */
  REDIS_CLUSTER: redisServers().optional(),
};

export type RedisConfig = z.infer<z.ZodObject<typeof redisVariables>>;

/** Rejects combinations of the variables that exclude each other, even if there are other faults. */
export function redisCheck() {
  return z.superRefine(refuseMixture, { when: () => true });
}

function refuseMixture(config: RedisConfig, { addIssue }: Pick<z.RefinementCtx, "addIssue">): void {
  const { REDIS_URL, REDIS_SENTINELS, REDIS_CLUSTER } = config;
  function refuse(name: keyof RedisConfig, message: string): void {
    addIssue({ code: "custom", path: [name], message });
  }
  if (REDIS_CLUSTER !== undefined) {
    if (REDIS_URL !== undefined) refuse("REDIS_URL", "cannot be set beside REDIS_CLUSTER");
    if (REDIS_SENTINELS !== undefined) refuse("REDIS_SENTINELS", "cannot be set beside REDIS_CLUSTER");
  } else if (REDIS_SENTINELS !== undefined && REDIS_URL === undefined) {
    refuse("REDIS_URL", "must name the primary of REDIS_SENTINELS, such as redis://:password@mymaster");
  }
}

/** Returns the environment for a child process on the same servers. An empty variable counts as unset. */
export function redisEnvironment(config: RedisConfig): Readonly<Record<keyof RedisConfig, string>> {
  return {
    REDIS_URL: config.REDIS_URL ?? "",
    REDIS_SENTINELS: (config.REDIS_SENTINELS ?? []).join(),
    REDIS_CLUSTER: (config.REDIS_CLUSTER ?? []).join(),
  };
}

// Example: a:6379,b:6379 or rediss://user:password@a:6379,…
function redisServers() {
  const message = "must be host:port or redis(s)://user:password@host:port, several separated by commas";
  return z
    .string()
    .transform((text): readonly string[] => text.split(",").map((item) => toUrl(item.trim())))
    .refine((urls) => urls.every(isServer), message);
}

function toUrl(item: string): string {
  return item.includes("://") ? item : `redis://${item}`;
}

function isServer(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port } = new URL(url);
  return ["redis:", "rediss:"].includes(protocol) && hostname !== "" && port !== "";
}
