import { urlOf, wholeNumber } from "@bulk/service/read-config";
import { z } from "zod";

/** What the commands beside the two services read. */
export const localConfig = z.object({
  /** Unset: an embedded PostgreSQL under DATA_DIR. */
  DATABASE_URL: urlOf("postgres:", "postgresql:").optional(),
  /** Unset: the queue lives in the database. */
  REDIS_URL: urlOf("redis:", "rediss:").optional(),
  /** The embedded server's files and what the demo leaves. */
  DATA_DIR: z.string().default(".data"),
  HOST: z.string().default("127.0.0.1"),
  PORT: wholeNumber(0, 65_535).default(3000),
  OPS_PORT: wholeNumber(0, 65_535).default(3001),
  WORKER_OPS_PORT: wholeNumber(0, 65_535).default(3002),
});

export type LocalConfig = z.infer<typeof localConfig>;
