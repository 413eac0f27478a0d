import { RequestError } from "@bulk/domain/errors/request-error";
import { z } from "zod";

/** Returns the object under the one key of a body. Throws `malformed` if it is not an object. */
export function openEnvelope(
  key: "bulk_action" | "webhook_endpoint",
  body: unknown,
): z.output<typeof anObject> {
  const content = anObject.safeParse(anObject.safeParse(body).data?.[key]);
  if (content.success) return content.data;
  throw new RequestError(
    "malformed",
    `${key}.missing`,
    `The body must be an object with the key "${key}", whose value is an object.`,
  );
}

const anObject = z.looseObject({});
