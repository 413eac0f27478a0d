import { RequestError, type ValidationError } from "@bulk/domain/errors/request-error";

/** The first part of the codes of validation errors. */
export type ValidatedObject = "bulk_action" | "webhook_endpoint" | "webhook_delivery";

/** As many as show what the caller meant; a body may have a thousand. */
const LISTED_NAMES = 20;

/** Of a name so many characters are shown. */
const SHOWN_LENGTH = 80;

/** Returns the faults of unknown names, of the first 20. `prefix` begins their codes: `bulk_action.`, or nothing. */
export function describeUnknown(names: readonly string[], prefix: string): readonly ValidationError[] {
  return names.slice(0, LISTED_NAMES).map((name) => {
    const attribute = name.length > SHOWN_LENGTH ? `${name.slice(0, SHOWN_LENGTH)}…` : name;
    return {
      attribute,
      type: "unknown",
      options: {},
      code: `${prefix}${attribute}.unknown`,
      message: "is unknown",
    };
  });
}

/** Throws `invalid` if there are unknown names. */
export function refuseUnknown(object: ValidatedObject, names: readonly string[], prefix: string): void {
  const errors = describeUnknown(names, prefix);
  const [first] = errors;
  if (first === undefined) return;
  const more = names.length > 1 ? ` (and ${names.length - 1} more)` : "";
  throw new RequestError("invalid", `${object}.invalid`, `${first.attribute} is unknown${more}.`, errors);
}
