import { z } from "zod";
import { PageError } from "../../sign-in/page-error.ts";

/** A form's fields as the browser sent them. */
export type Form = Readonly<Record<string, string>>;

/** Reads the reason of a pause; `undefined` if the field is empty. Throws `PageError`. */
export function readReason(form: Form): string | undefined {
  return read("reason", reason, form) || undefined;
}

/** Reads the limit of a throttle. Throws `PageError`. */
export function readRecordsPerSecond(form: Form): number {
  return read("records_per_second", recordsPerSecond, form);
}

// The database refuses U+0000.
const reason = z
  .string("Write a reason.")
  .trim()
  .max(500, "Write at most 500 characters.")
  .regex(/^\P{Cc}*$/u, "Write the reason in one line, without control characters.")
  .default("");

const LIMITS = "Write a whole number from 1 to 1,000,000.";

const recordsPerSecond = z
  .string(LIMITS)
  .regex(/^\d{1,7}$/, LIMITS)
  .transform(Number)
  .refine((number) => number >= 1 && number <= 1_000_000, LIMITS);

function read<Value>(name: string, schema: z.ZodType<Value>, form: Form): Value {
  const result = schema.safeParse(form[name]);
  if (result.success) return result.data;
  const message = result.error.issues[0]?.message ?? "Correct this field.";
  throw new PageError(422, message);
}
