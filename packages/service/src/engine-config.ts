import { z } from "zod";
import { databaseUrl, wholeNumber } from "./read-config.ts";
import { redisCheck, redisVariables } from "./redis-config.ts";
import { tracingConfig } from "./tracing-config.ts";

/** The variables every process reads: where the engines are, how long things are kept, how to log and trace. */
export const engineConfig = z
  .object({
    ...tracingConfig.shape,
    /** The database; it also holds the queue where there is no Redis. */
    DATABASE_URL: databaseUrl(),
    ...redisVariables,
    /** Address of the ops port; loopback unless you say otherwise. */
    OPS_HOST: z.string().default("127.0.0.1"),
    /** Names that the ops port answers to, beside addresses, `localhost` and `OPS_HOST`. */
    OPS_ALLOWED_HOSTS: hostNames().optional(),
    /** How long an ended bulk action is kept: the API tells it, the workers' sweeper does it. */
    RETENTION_DAYS: wholeNumber(1, 3_650).default(30),
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  })
  .check(redisCheck());

/** The names that a process's ops port answers to. */
export function opsHosts({
  OPS_HOST,
  OPS_ALLOWED_HOSTS = [],
}: Pick<z.infer<typeof engineConfig>, "OPS_HOST" | "OPS_ALLOWED_HOSTS">): readonly string[] {
  return [OPS_HOST.toLowerCase(), ...OPS_ALLOWED_HOSTS];
}

// Such as metrics.example.com,.svc.cluster.local.
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
