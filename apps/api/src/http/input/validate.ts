import { RequestError, type ValidationError } from "@bulk/domain/errors/request-error";
import type { z } from "zod";
import { describeUnknown, type ValidatedObject } from "./unknown-names.ts";

/**
 * Parses a caller's input. Throws `invalid` with at most 50 validation errors in the base contract's form: `code` is
 * `<object>.<attribute>.<type>`, and `message` continues the attribute's name, such as "can't be blank". Unknown keys are
 * faults if the schema is strict. The message of the error itself contains the total number.
 */
export function validate<Schema extends z.ZodType>(
  object: ValidatedObject,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const described = issues.slice(0, LISTED_FAULTS).flatMap((issue) => describe(object, issue));
  const errors = described.slice(0, LISTED_FAULTS);
  throw new RequestError("invalid", `${object}.invalid`, summarize(errors[0], countFaults(issues)), errors);
}

/** The maximum number of listed faults. */
const LISTED_FAULTS = 50;

/** A fault of one attribute, as an issue for zod, for checks that zod does not have. */
export type Fault = {
  readonly code: "custom";
  readonly message: string;
  readonly params: Pick<ValidationError, "type" | "options"> & {
    /** How many more faults of the same kind are not listed. */
    readonly unlisted: number;
  };
};

/** Creates a fault. `message` continues the attribute's name. */
export function fault(
  type: string,
  message: string,
  options: ValidationError["options"] = {},
  unlisted = 0,
): Fault {
  return { code: "custom", message, params: { type, options, unlisted } };
}

/** The fault of a missing, null or empty attribute. */
export const BLANK = fault("blank", "can't be blank");

function describe(object: string, issue: z.core.$ZodIssue): readonly ValidationError[] {
  if (issue.code === "unrecognized_keys") return describeUnknown(issue.keys, `${object}.`);
  const attribute = String(issue.path[0] ?? object);
  const { message, params } = nameFault(issue);
  const { type, options } = params;
  return [{ attribute, type, options, code: `${object}.${attribute}.${type}`, message }];
}

// Maps zod's kinds of issues: https://zod.dev/error-customization
function nameFault(issue: z.core.$ZodIssue): Fault {
  if (issue.code === "custom")
    return fault(issue.params?.["type"] ?? "invalid", issue.message, issue.params?.["options"]);
  if (issue.input === undefined || issue.input === null || issue.input === "") return BLANK;
  switch (issue.code) {
    case "too_small":
      return issue.origin === "array"
        ? BLANK
        : fault("too_short", issue.message, { count: Number(issue.minimum) });
    case "too_big":
      return fault("too_long", issue.message, { count: Number(issue.maximum) });
    case "invalid_value": {
      const values = issue.values.map(String);
      return fault("inclusion", `must be one of ${values.join(", ")}`, { in: values });
    }
    default:
      return fault("invalid", issue.message);
  }
}

function countFaults(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + countFault(issue), 0);
}

function countFault(issue: z.core.$ZodIssue): number {
  if (issue.code === "unrecognized_keys") return issue.keys.length;
  return 1 + (issue.code === "custom" ? (issue.params?.["unlisted"] ?? 0) : 0);
}

function summarize(first: ValidationError | undefined, count: number): string {
  const more = count > 1 ? ` (and ${count - 1} more)` : "";
  return `${first?.attribute} ${first?.message}${more}.`;
}
