import { RequestError } from "@bulk/domain/request-error";
import { z } from "zod";

/** What is under the one key that a body wraps its object in. Throws `malformed` when it is no object. */
export function openEnvelope(object: string, body: unknown): unknown {
  const envelope = z.object({ [object]: z.looseObject({}) }).safeParse(body);
  if (envelope.success) return envelope.data[object];
  throw new RequestError(
    "malformed",
    `${object}.missing`,
    `The body must be an object with the key "${object}", itself an object.`,
  );
}
