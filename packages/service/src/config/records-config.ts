import { z } from "zod";

/** The variables of every process that knows the actions. */
export const recordsVariables = {
  /** Path of the file that declares the records. Unset: those of the sample shop. */
  RECORDS: z
    .string()
    .refine((path) => !/^\s*\{/.test(path), "must be the path of a file, not its content")
    .optional(),
} as const;

/** The configuration of a command that needs nothing but the actions. */
export const recordsConfig = z.object(recordsVariables);
