import { describeMisspelling, findMisspellings } from "@bulk/service/find-misspellings";
import { databaseUrl, readConfig, wholeNumber } from "@bulk/service/read-config";
import { redisCheck, redisVariables } from "@bulk/service/redis-config";
import { z } from "zod";

/** What the commands beside the two services read. */
export const localConfig = z
  .object({
    /** Unset: an embedded PostgreSQL under DATA_DIR. */
    DATABASE_URL: databaseUrl().optional(),
    ...redisVariables,
    /** The embedded server's files and what the demo leaves. */
    DATA_DIR: z.string().default(".data"),
    HOST: z.string().default("127.0.0.1"),
    PORT: wholeNumber(0, 65_535).default(3000),
    OPS_PORT: wholeNumber(0, 65_535).default(3001),
    WORKER_OPS_PORT: wholeNumber(0, 65_535).default(3002),
  })
  .check(redisCheck());

export type LocalConfig = z.infer<typeof localConfig>;

/**
 * The configuration of a command. Warns on the error output of variables whose names are nearly ours. Throws
 * `ConfigError`.
 */
export function readLocalConfig(environment: NodeJS.ProcessEnv): LocalConfig {
  const config = readConfig(localConfig, environment);
  for (const misspelling of findMisspellings(environment)) {
    process.stderr.write(`Warning: ${describeMisspelling(misspelling)}\n`);
  }
  return config;
}
