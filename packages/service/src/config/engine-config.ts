import { z } from "zod";
import { databaseUrl, wholeNumber } from "./read-config.ts";
import { recordsVariables } from "./records-config.ts";
import { redisCheck, redisVariables } from "./redis-config.ts";
import { tracingConfig } from "./tracing-config.ts";

/** The variables of every process: database, queue, ops port, retention, logs and traces. */
export const engineConfig = z
  .object({
    ...tracingConfig.shape,
    /** The database. It also holds the queue when Redis is not configured. */
    DATABASE_URL: databaseUrl(),
    ...redisVariables,
    ...recordsVariables,
    /** Address of the ops port. Default: loopback. */
    OPS_HOST: z.string().default("127.0.0.1"),
    /** Host names that the ops port accepts, besides IP addresses, `localhost` and `OPS_HOST`. */
    OPS_ALLOWED_HOSTS: hostNames().optional(),
    /** Days that an ended bulk action is kept. The API reports it, the sweeper deletes. */
    RETENTION_DAYS: wholeNumber(1, 3_650).default(30),
    /** Whether workers index the ids of records, and operators search by them. */
    RECORD_SEARCH: z.enum(["on", "off"], "must be on or off").default("on"),
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  })
  .check(redisCheck());

/** Returns the host names that the ops port accepts. */
export function opsHosts({
  OPS_HOST,
  OPS_ALLOWED_HOSTS = [],
}: Pick<z.infer<typeof engineConfig>, "OPS_HOST" | "OPS_ALLOWED_HOSTS">): readonly string[] {
  return [OPS_HOST.toLowerCase(), ...OPS_ALLOWED_HOSTS];
}

// Example: metrics.example.com,.svc.cluster.local
function hostNames() {
  return z
    .string()
    .toLowerCase()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .refine(
      (names) => names.every((name) => /^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)),
      "must be names of hosts, or of domains with a dot before, separated by commas",
    );
}
