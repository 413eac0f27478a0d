import { type Registry, submittable } from "@bulk/actions/registry";
import { RequestError } from "@bulk/domain/errors/request-error";
import { z } from "zod";
import type { ApiRequest } from "../../context.ts";
import { PASSENGERS } from "../../http/input/passengers.ts";
import { findUnknownParameters, readQuery } from "../../http/input/query.ts";
import { refuseUnknown } from "../../http/input/unknown-names.ts";
import { BLANK, fault, validate } from "../../http/input/validate.ts";
import { type View, viewQuery } from "../view.ts";
import { recordIdsFault } from "./upload-faults.ts";

/** The query of a create. Beside the ids of a file there is no place for its other attributes. */
export function createQuery(registry: Registry) {
  return z.strictObject({
    ...viewQuery.shape,
    action_type: z
      .enum([...submittable(registry).keys()])
      .optional()
      .meta({
        description:
          "The action to apply to the records of a file or stream of ids. Required with CSV and NDJSON only.",
      }),
    restorable: z
      .enum(["true", "false"])
      .optional()
      .meta({ description: "With CSV and NDJSON only. `false`: nothing is kept for a restore." }),
  });
}

/** Reads the view of a create whose body has the attributes. Throws `invalid` for one of them that is in the query. */
export function readViewOfBody({ query }: Pick<ApiRequest, "query">, registry: Registry): View {
  const inBody = z.undefined({ error: "must be in the body" }).optional();
  const known = createQuery(registry).strip().extend({ action_type: inBody, restorable: inBody });
  const { action_type: _, restorable: __, ...view } = validate("bulk_action", known, readQuery(query));
  return view;
}

/** What a caller says of an upload before its ids. */
export type UploadParameters = {
  readonly actionType: string;
  readonly restorable: boolean;
  readonly view: View;
};

/** Reads the parameters of an upload. Throws `invalid` if any is wrong, unknown, or given twice with one of its attributes. */
export function readUploadParameters(
  { query }: Pick<ApiRequest, "query">,
  registry: Registry,
): UploadParameters {
  const known = createQuery(registry);
  const unknown = findUnknownParameters(query, new Set([...Object.keys(known.shape), ...PASSENGERS]));
  refuseUnknown("bulk_action", unknown, "bulk_action.");
  const attributes = query.filter(([name]) => name === "action_type" || name === "restorable");
  const schema = known.strip().superRefine(({ action_type: type }, context) => {
    if (type === undefined) context.addIssue({ ...BLANK, path: ["action_type"] });
    for (const [name] of attributes) {
      const isRepeated = attributes.filter(([other]) => other === name).length > 1;
      if (isRepeated) context.addIssue({ ...fault("invalid", "must be given once"), path: [name] });
    }
  });
  const {
    action_type: actionType = "",
    restorable,
    ...view
    // An attribute without a value is not as if it were absent.
  } = validate("bulk_action", schema, { ...readQuery(query), ...Object.fromEntries(attributes) });
  return { actionType, restorable: restorable !== "false", view };
}

/** The header that says how many ids there are. */
export const expectedCount = z
  .string()
  .regex(/^[1-9]\d{0,8}$/)
  .optional()
  .meta({
    description:
      "With CSV and NDJSON only: how many ids the body has, with those that repeat. If it has another number, it is refused.",
  });

/** Throws `malformed` if the caller announces a number of ids, which only an upload compares. */
export function refuseExpectedCount({ headers }: Pick<ApiRequest, "headers">): void {
  if (headers["bulk-expected-count"] === undefined) return;
  const message = "Bulk-Expected-Count is for CSV and NDJSON. Leave it out.";
  throw new RequestError("malformed", "request.malformed", message);
}

/** Reads the number of ids that the caller announces. Throws `malformed` if it is none, and `invalid` for more than `most`. */
export function readExpectedCount(
  { headers }: Pick<ApiRequest, "headers">,
  most: number,
): number | undefined {
  const parsed = expectedCount.safeParse(headers["bulk-expected-count"]);
  if (!parsed.success) {
    const message = "Bulk-Expected-Count must be a whole number from 1.";
    throw new RequestError("malformed", "request.malformed", message);
  }
  if (parsed.data === undefined) return undefined;
  const count = Number(parsed.data);
  if (count <= most) return count;
  throw recordIdsFault("too_long", `has ${count} ids by Bulk-Expected-Count; at most ${most} are allowed`, {
    count: most,
  });
}
