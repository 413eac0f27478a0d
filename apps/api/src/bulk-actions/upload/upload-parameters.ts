import { type Registry, submittable } from "@bulk/actions/registry";
import { RequestError } from "@bulk/domain/errors/request-error";
import { z } from "zod";
import type { ApiRequest } from "../../context.ts";
import { PASSENGERS } from "../../http/input/passengers.ts";
import { readQuery } from "../../http/input/query.ts";
import { BLANK, validate } from "../../http/input/validate.ts";
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

/** Reads the parameters of an upload. Throws `invalid` if any is wrong or unknown. */
export function readUploadParameters(
  { query }: Pick<ApiRequest, "query">,
  registry: Registry,
): UploadParameters {
  const named = Object.entries(readQuery(query)).filter(([name]) => !PASSENGERS.has(name));
  const schema = createQuery(registry).superRefine(({ action_type: type }, context) => {
    if (type === undefined) context.addIssue({ ...BLANK, path: ["action_type"] });
  });
  const {
    action_type: actionType = "",
    restorable,
    ...view
  } = validate("bulk_action", schema, Object.fromEntries(named));
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
