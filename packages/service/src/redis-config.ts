import { z } from "zod";
import { urlOf } from "./read-config.ts";

/** Where Redis or Valkey is; with none of them set the queue is in the database. */
export const redisVariables = {
  /** One server; beside REDIS_SENTINELS the primary they watch, its name in place of a host. */
  REDIS_URL: urlOf("redis:", "rediss:").optional(),
  /** Sentinels that say where the primary is, as URLs. */
  REDIS_SENTINELS: redisServers().optional(),
  /** Some nodes of a Redis Cluster, as URLs; the others are found through them. */
  REDIS_CLUSTER: redisServers().optional(),
};

export type RedisConfig = z.infer<z.ZodObject<typeof redisVariables>>;

/** The check of an object with these variables: says what does not go together, beside every other fault. */
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

/** The variables for a process that is started on the same servers; an empty one counts as unset. */
export function redisEnvironment(config: RedisConfig): Readonly<Record<keyof RedisConfig, string>> {
  return {
    REDIS_URL: config.REDIS_URL ?? "",
    REDIS_SENTINELS: (config.REDIS_SENTINELS ?? []).join(),
    REDIS_CLUSTER: (config.REDIS_CLUSTER ?? []).join(),
  };
}

// Such as a:6379,b:6379 or rediss://user:password@a:6379,…
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
