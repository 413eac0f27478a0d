import { urlOf, wholeNumber } from "@bulk/service/read-config";
import { redisCheck, redisVariables } from "@bulk/service/redis-config";
import { z } from "zod";

/** What the commands beside the two services read. */
export const localConfig = z
  .object({
    /** Unset: an embedded PostgreSQL under DATA_DIR. */
    DATABASE_URL: urlOf("postgres:", "postgresql:").optional(),
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
