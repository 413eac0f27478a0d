import { RequestError } from "@bulk/domain/request-error";
import { z } from "zod";

/** What is under the one key that a body wraps its object in. Throws `malformed` when it is no object. */
export function openEnvelope(object: "bulk_action" | "webhook_endpoint", body: unknown): unknown {
  const content = anObject.safeParse(anObject.safeParse(body).data?.[object]);
  if (content.success) return content.data;
  throw new RequestError(
    "malformed",
    `${object}.missing`,
    `The body must be an object with the key "${object}", itself an object.`,
  );
}

const anObject = z.looseObject({});
