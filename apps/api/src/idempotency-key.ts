import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { RequestError } from "@bulk/domain/request-error";
import type { IdempotencyKey } from "@bulk/store/admission";
import { z } from "zod";

/** The headers of an endpoint that creates something once. */
export const idempotencyHeaders = z.object({
  "Idempotency-Key": z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/)
    .optional()
    .meta({
      description:
        "Your name for this request, such as a UUID: 1 to 255 printable ASCII characters. Sent again with the " +
        "same key and the same body, the request is answered with the bulk action it has created, as that is by " +
        "now, and `Idempotent-Replayed: true`; with another body, 422. Kept as long as the bulk action.",
    }),
});

/**
 * The key of a request, if it has one. Throws `malformed` for a key that is none.
 *
 * @param path the key belongs to this and is another key elsewhere
 * @param meaning what the request asks for, as parsed: neither order nor space of the body. Written by our
 *   own code, so that equal meanings are equal JSON; later releases must write the same.
 */
export function readIdempotencyKey(
  headers: IncomingHttpHeaders,
  path: string,
  meaning: unknown,
): IdempotencyKey | undefined {
  const parsed = idempotencyHeaders.safeParse({ "Idempotency-Key": headers["idempotency-key"] });
  if (!parsed.success) {
    const message = "Idempotency-Key must be 1 to 255 printable ASCII characters.";
    throw new RequestError("malformed", "idempotency_key.invalid", message);
  }
  const key = parsed.data["Idempotency-Key"];
  if (key === undefined) return undefined;
  return { path, key, fingerprint: createHash("sha256").update(JSON.stringify(meaning)).digest() };
}
