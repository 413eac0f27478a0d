import { describeMisspelling, findMisspellings } from "@bulk/service/config/find-misspellings";
import { databaseUrl, readConfig, wholeNumber } from "@bulk/service/config/read-config";
import { recordsVariables } from "@bulk/service/config/records-config";
import { redisCheck, redisVariables } from "@bulk/service/config/redis-config";
import { z } from "zod";

/** The variables of the commands. */
export const localConfig = z
  .object({
    /** Unset: an embedded PostgreSQL under DATA_DIR. */
    DATABASE_URL: databaseUrl().optional(),
    ...redisVariables,
    ...recordsVariables,
    /** Holds the files of the embedded server and of the demo. */
    DATA_DIR: z.string().default(".data"),
    HOST: z.string().default("127.0.0.1"),
    PORT: wholeNumber(0, 65_535).default(3000),
    OPS_PORT: wholeNumber(0, 65_535).default(3001),
    WORKER_OPS_PORT: wholeNumber(0, 65_535).default(3002),
  })
  .check(redisCheck());

export type LocalConfig = z.infer<typeof localConfig>;

/**
 * Reads the configuration of a command. Warns on standard error of misspelled variables. Throws `ConfigError`.
 */
export function readLocalConfig(environment: NodeJS.ProcessEnv): LocalConfig {
  const config = readConfig(localConfig, environment);
  for (const misspelling of findMisspellings(environment)) {
    process.stderr.write(`Warning: ${describeMisspelling(misspelling)}\n`);
  }
  return config;
}
