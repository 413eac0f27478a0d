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
    /** How long an ended bulk action is kept: the API tells it, the workers' sweeper does it. */
    RETENTION_DAYS: wholeNumber(1, 3_650).default(30),
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  })
  .check(redisCheck());
